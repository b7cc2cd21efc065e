/**
 * One trial: buyers order, something dies in the middle, it comes back, everything comes to rest, and the laws are
 * checked.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Sql } from "#engines/sql";
import { goOn, within } from "#platform/deadline";
import { verifyLine } from "../../src/cli/verify/verify.ts";
import type { Evidence, GateReading } from "../laws/evidence.ts";
import { createJudge, type Judgement } from "../laws/law.ts";
import { laws } from "../laws/laws.ts";
import { isAtRest, readStores } from "../laws/stores.ts";
import { isAnswered, type Wish } from "../laws/wish.ts";
import type { Client, Reconciliation } from "../support/client.ts";
import { until } from "../support/until.ts";
import { attempt, type Crowd, sendCrowd } from "./crowd.ts";
import { runDrop } from "./drop.ts";
import { type LineStory, runLine } from "./line.ts";
import { type Chore, watch, workOn } from "./staff.ts";

export type Shop = {
  readonly origin: string;
  as(user: string): Client;
  admin: Client;
  /** A direct connection to the database. */
  useSql<T>(use: (sql: Sql) => Promise<T>): Promise<T>;
  readGate(productIds: readonly string[]): Promise<GateReading[]>;
  readLog(): Promise<Pick<Evidence, "announced" | "deadLetters">>;
};

export type OnSale = { productId: string; limitPerCustomer: number };

export type TrialOptions = {
  shop: Shop;
  /** Sold as any product, and sold in a drop only, which an operator runs and cancels meanwhile. */
  product: OnSale;
  inDrop: OnSale;
  /** The sizes of a drop with a line, which stands meanwhile. */
  inLine?: { first: string; second: string } | undefined;
  buyers: { count: number; everyMs: number };
  chore: Chore;
  random(): number;
  /**
   * Kills and restarts things. `probe` starts sending an order, and is called when a process has died or a server works
   * again: the time until its answer is how long the shop needs to recover.
   */
  disturb(probe: () => void): Promise<void>;
};

export type Figures = {
  tried: number;
  accepted: number;
  confirmed: number;
  /** Orders that ended otherwise. */
  failed: number;
  sold: number;
  samples: number;
  /** From the recovery of a server, or from the death of a process, to the next answered order. */
  recoveryMs: number;
};

export type TrialResult = { figures: Figures; broken: readonly Judgement[]; notes: string[]; evidence: Evidence };

/** Buyers without an answer by then give up, milliseconds after the recovery. */
const patientForMs = 25_000;
const restWithinMs = 180_000;
const giveUpAfterMs = 120_000;
const dropWithinMs = 120_000;
/** They come while the drop is awaited, open, paused, open again and cancelled. */
const buyersInDrop = { count: 14, everyMs: 250, mostUnits: 1 };

export async function runTrial(options: TrialOptions): Promise<TrialResult> {
  const { shop, product, inDrop, inLine, buyers, chore, random, disturb } = options;
  const { productId } = product;
  const productIds = [productId, inDrop.productId, ...Object.values(inLine ?? {})];
  let open = true;
  const goesOn = () => open;
  const notes: string[] = [];
  const name = `t${Math.floor(random() * 1e9).toString(36)}`;
  const watching = watch(shop.admin, productIds, goesOn);
  const crowds: Crowd[] = [];
  const send = (productId: string, name: string, buyers: { count: number; everyMs: number; mostUnits?: number }) => {
    const crowd = sendCrowd({ as: shop.as, productId, name, random, untilMs: Number.POSITIVE_INFINITY, ...buyers });
    crowds.push(crowd);
    return crowd.done;
  };
  function stopAll(): void {
    for (const crowd of crowds) crowd.stop();
  }
  const coming = send(productId, name, buyers);
  const drop = runDrop({ admin: shop.admin, productId: inDrop.productId, dropId: `drop-${name}`, goesOn });
  const comingToDrop = drop.scheduled.then(() => send(inDrop.productId, `${name}-drop`, buyersInDrop));
  const line = inLine && runLine({ as: shop.as, admin: shop.admin, name, sizes: inLine, random, goesOn });
  let probing: ReturnType<typeof askUntilAnswered> | undefined;
  const probe = () => {
    probing ??= askUntilAnswered(shop, productId, `${name}-probe`);
  };
  const work = workOn({ admin: shop.admin, productId, name, chore, goesOn });
  try {
    await disturb(probe);
    probe();
    const { wish, tookMs } = await (probing as NonNullable<typeof probing>);
    if (!(await within(dropWithinMs, drop.done, () => false))) notes.push("the drop could not be cancelled");
    const late = setTimeout(stopAll, patientForMs);
    await Promise.all([coming, comingToDrop, within(patientForMs, work, goOn)]);
    clearTimeout(late);
    if (line) notes.push(...(await line.done));
    const rested = await untilAtRest(shop, productIds);
    if (!rested) notes.push(`did not come to rest within ${restWithinMs / 1_000} s`);
    if (line) notes.push(...(await doubtsOf(shop, line)));
    open = false;
    const [rows] = await Promise.all([work, watching.done]);
    const stores = await shop.useSql((sql) => readStores(sql, productIds));
    const entered = stores.entries.filter(({ ref }) => ref.startsWith("file ")).length;
    if (rows !== undefined && entered !== rows) notes.push(`${entered} entries are made of a file with ${rows} rows`);
    const failures = new Set(crowds.flatMap(({ failures }) => [...failures]));
    for (const what of failures) notes.push(`${what} was answered 500, as a fault of the program`);
    const evidence: Evidence = {
      ...stores,
      lines: stores.lines.map((one) => (one.dropId === line?.dropId ? { ...one, ...line.heard() } : one)),
      atRest: true,
      history: [...stores.history, ...crowds.flatMap(({ shown }) => shown)],
      limits: new Map([product, inDrop].map(({ productId, limitPerCustomer }) => [productId, limitPerCustomer])),
      gate: await shop.readGate(productIds),
      gateIsLeft: false,
      terms: drop.terms,
      taken: [],
      free: [],
      samples: watching.samples,
      wishes: [...crowds.flatMap(({ wishes }) => wishes), ...(line?.wishes ?? []), wish],
      cancelled: new Set(crowds.flatMap(({ cancelled }) => [...cancelled])),
      extended: new Map(),
      ...(await shop.readLog()),
      lateWish: wish,
    };
    return { figures: figuresOf(evidence, tookMs), broken: createJudge(laws)(evidence), notes, evidence };
  } finally {
    open = false;
    stopAll();
  }
}

/** An outsider checks the published files of the line. */
async function doubtsOf({ origin }: Shop, { dropId }: LineStory): Promise<string[]> {
  const said: string[] = [];
  const where = `${origin}/drops/${dropId}`;
  const holds = await verifyLine({ where, receipt: undefined, keep: undefined }, (text) => said.push(text));
  return holds ? [] : [`an outsider finds the line of ${dropId} at fault:\n${said.join("\n")}`];
}

export async function askUntilAnswered(
  shop: Pick<Shop, "as">,
  productId: string,
  user: string,
  withinMs = giveUpAfterMs,
): Promise<{ wish: Wish; tookMs: number }> {
  const begunMs = performance.now();
  const wish: Wish = { user, productId, key: "probe", attempts: [] };
  const client = shop.as(user);
  while (!isAnswered(wish) && performance.now() - begunMs < withinMs) {
    await attempt(wish, client.post("/orders", { productId, quantity: 1 }, { "idempotency-key": "probe" }));
    if (!isAnswered(wish)) await sleep(25);
  }
  return { wish, tookMs: performance.now() - begunMs };
}

/** False if it does not: the laws will report what is missing. */
export async function untilAtRest(
  shop: Pick<Shop, "admin" | "useSql" | "readGate">,
  productIds: readonly string[],
): Promise<boolean> {
  return shop.useSql(async (sql) => {
    const quiet = until(
      async () => {
        const { body } = await shop.admin.get<Reconciliation>("/admin/reconcile");
        const reports = body.products.filter((one) => productIds.includes(one.productId));
        if (reports.length < productIds.length || !reports.every(isQuiet)) return false;
        // A record that was decided before it was marked stays for some seconds as a stub, until the sweeper deletes
        // it.
        if ((await shop.readGate(productIds)).some(({ records }) => (records?.length ?? 0) > 0)) return false;
        // The database is read last: an order that was still at the gate in the first reading could get into it
        // meanwhile.
        return isAtRest(await readStores(sql, productIds));
      },
      { withinMs: restWithinMs, everyMs: 200 },
    );
    return quiet.catch(() => false);
  });
}

function isQuiet({ status, inFlight, gate, onHand, held }: Reconciliation["products"][number]): boolean {
  return status === "OK" && inFlight === 0 && gate === onHand - held;
}

function figuresOf({ wishes, orders, outcomes, samples }: Evidence, recoveryMs: number): Figures {
  const confirmed = orders.filter(({ status }) => status === "CONFIRMED");
  return {
    tried: wishes.length,
    accepted: wishes.filter(({ attempts }) => attempts.some(({ told }) => told === "ok")).length,
    confirmed: confirmed.length,
    failed: orders.length - confirmed.length,
    sold: outcomes.filter(({ outcome }) => outcome === "sold").reduce((units, { quantity }) => units + quantity, 0),
    samples: samples.length,
    recoveryMs,
  };
}
