/**
 * `dropgate rehearse`: sends simulated buyers to a running shop, on products and a drop of the rehearsal's own, and prints
 * a certificate of what held. All that it made is cancelled, refunded and taken off sale at its end.
 */
import { constants } from "node:fs";
import { access, stat, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { issueToken, secretToAskWith } from "#identity";
import { elapsedMs } from "#platform/clock";
import { randomHex } from "#platform/ids";
import { startLoop } from "#platform/loop";
import { messageOf } from "#platform/thrown";
import type { Config } from "../../config/config.ts";
import { Refused } from "../ask.ts";
import { createCrowd, type Fault } from "./buyers.ts";
import { type Certificate, certify, sayCertificate } from "./certificate.ts";
import { createClient } from "./client.ts";
import { acceptedId, type Report, type Wish } from "./evidence.ts";
import { signsOfProduction } from "./production.ts";
import type { Progress } from "./progress.ts";
import {
  cancelShadow,
  createStaff,
  emptyShadow,
  openShadow,
  type Shadow,
  type Staff,
  shortHoldSeconds,
} from "./shadow.ts";
import { reportsOf, snapshotAtRest } from "./snapshot.ts";

export type RehearsalOptions = {
  url: string;
  buyers: number;
  seconds: number;
  patienceSeconds: number;
  faults: readonly Fault[];
  /** Its prices, limits and hold are rehearsed. */
  dropId: string | undefined;
  onProduction: boolean;
  json: boolean;
  file: string | undefined;
};

const reconcileEveryMs = 1_000;

/** Returns the certificate, which is printed and written. @throws Refused if no rehearsal may be held here. */
export async function rehearse(
  config: Config,
  options: RehearsalOptions,
  progress: Progress,
  print: (line: string) => void,
): Promise<Certificate> {
  const { url, onProduction, json, file } = options;
  const signs = signsOfProduction(config, url);
  if (signs.length > 0 && !onProduction) {
    const why = `${signs.join("; ")}. A rehearsal shows its drop in the shop and sends webhooks about its orders`;
    throw new Refused(`this looks like a shop of real people: ${why}. --on-production says that this is meant`);
  }
  // A rehearsal takes minutes: a file that cannot be written must not be noticed at its end.
  if (file !== undefined) await requireWritable(file);
  const certificate = await hold(config, options, progress);
  const lines = sayCertificate(certificate);
  if (json) print(JSON.stringify(certificate, null, 2));
  else for (const line of lines) print(line);
  if (file !== undefined) {
    const isJson = file.endsWith(".json");
    await writeFile(file, isJson ? `${JSON.stringify(certificate, null, 2)}\n` : `${lines.join("\n")}\n`);
  }
  return certificate;
}

/** Without making it, because the rehearsal may be refused. */
async function requireWritable(file: string): Promise<void> {
  try {
    const found = await stat(file).catch(() => undefined);
    if (found?.isDirectory()) throw new Error("it is a folder");
    await access(found ? file : dirname(resolve(file)), constants.W_OK);
  } catch (cause) {
    throw new Refused(`--file ${file} cannot be written (${messageOf(cause)}): name a file in a folder that is there`, {
      cause,
    });
  }
}

async function hold(config: Config, options: RehearsalOptions, progress: Progress): Promise<Certificate> {
  const { url, buyers, seconds, patienceSeconds, faults, dropId } = options;
  const began = elapsedMs();
  const at = new Date().toISOString();
  const run = `rehearsal-${randomHex(4)}`;
  const patienceMs = patienceSeconds * 1_000;
  const client = createClient(url, managementOf(url, config));
  const issuer = { ...config, JWT_SECRET: await secretToAskWith(config) };
  const admin = client.as(await issueToken(issuer, { role: "ADMIN", user: "rehearsal" }));
  const staff = createStaff(admin, patienceMs);
  const isLate = faults.includes("late");

  // Patience is for a shop that was there before.
  if (!(await admin("GET", "/time"))) {
    throw new Refused(`nothing answers at ${url}: start the system first, or name its address by --url`);
  }
  const { mode } = await staff("GET", "/admin/gatekeeper");
  if (mode === "closed") throw new Refused("the shop is closed for new orders: open it with the switch of the console");
  // A shop whose services run apart may leave out the desk, which reads the orders to the certificate.
  await staff("GET", "/admin/dead-letters?state=waiting&limit=1");
  progress.say(`${run}: a drop and products of its own at ${url}`);
  const shadow: Shadow = { dropId: run, products: [] };
  const { products } = shadow;
  await using stack = new AsyncDisposableStack();
  stack.defer(() => client.close());
  stack.defer(() => putAway(staff, shadow, progress));
  await openShadow(staff, shadow, { buyers, dropId, isShort: isLate });
  const crowd = createCrowd({
    client,
    tokenOf: (user) => issueToken(issuer, { role: "CUSTOMER", user }),
    run,
    products,
    buyers,
    overMs: seconds * 1_000,
    faults: new Set(faults),
    patienceMs,
    paysNothing: config.PAYMENT_PROVIDER !== "simulator",
    onChange: () => progress.move(crowd.done, buyers, sayWishes(crowd.wishes)),
  });
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.once(signal, crowd.stop);
    stack.defer(() => void process.removeListener(signal, crowd.stop));
  }
  const watch = watchBooks(staff, shadow);
  stack.defer(watch.stop);
  await crowd.come();
  const scarce = products[0];
  const lateWish = scarce && (await crowd.comeLate(scarce));
  const wishes = lateWish ? [...crowd.wishes, lateWish] : crowd.wishes;
  progress.say(
    `${buyers === 1 ? "the buyer is" : `all ${buyers} buyers are`} done; waiting until ${isLate ? "every order has ended or is paid" : "nothing is under way"}`,
  );
  const look = { staff, products, wishes, patienceMs, sellsByGate: mode !== "sync" };
  const holdMs = isLate ? shortHoldSeconds * 1_000 : 0;
  const open = await snapshotAtRest({
    ...look,
    until: isLate ? "ended" : "quiet",
    patienceMs: patienceMs + holdMs,
  });
  await watch.stop();
  progress.say("the drop is cancelled: open orders end, paid ones are refunded");
  await cancelShadow(staff, run);
  const closed = await snapshotAtRest({ ...look, until: "closed" });
  const evidence = { products, wishes: crowd.wishes, samples: watch.samples, lateWish, open, closed };
  return certify(evidence, { rehearsal: run, url, at, faults: [...faults], tookMs: elapsedMs() - began });
}

/** The same host's port for operators, if the settings name one. */
function managementOf(url: string, { MANAGEMENT_PORT }: Config): string {
  if (MANAGEMENT_PORT === undefined) return url;
  const address = new URL(url);
  address.port = String(MANAGEMENT_PORT);
  return address.href.replace(/\/$/, "");
}

/** Also after a fault: nothing of a rehearsal may stay on sale. */
async function putAway(staff: Staff, shadow: Shadow, progress: Progress): Promise<void> {
  const { dropId, products } = shadow;
  if (products.length === 0) return;
  // A drop that was not made or scheduled cannot be cancelled, and has sold nothing.
  const isCancelled = await cancelShadow(staff, dropId).then(
    () => true,
    () => false,
  );
  try {
    await emptyShadow(staff, shadow);
  } catch (error) {
    const how = isCancelled
      ? "take the units out"
      : `POST /drops/${dropId}/cancel {"reason": "…"}, and take the units out`;
    progress.say(`${dropId} is not put away: ${messageOf(error)}\nDo it by hand: ${how} of its products`);
  }
}

/** Reconciles while people buy: a drift that heals by itself is a breach too. */
function watchBooks(staff: Staff, { products }: Shadow): { samples: Report[]; stop(): Promise<void> } {
  const samples: Report[] = [];
  const watching = startLoop({
    everyMs: reconcileEveryMs,
    async work() {
      samples.push(...(await reportsOf(staff, products)));
      return false;
    },
    // While a server is away there is nothing to compare.
    onFault() {},
  });
  return { samples, stop: watching.stop };
}

function sayWishes(wishes: readonly Wish[]): string {
  const accepted = wishes.filter((wish) => acceptedId(wish) !== undefined).length;
  const last = wishes.filter((wish) => acceptedId(wish) === undefined).map(({ attempts }) => attempts.at(-1)?.code);
  const refused = last.filter((code) => code === "sold_out" || code === "limit_per_customer").length;
  return `${accepted} accepted, ${refused} refused`;
}
