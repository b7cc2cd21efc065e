/**
 * Measures the accept ratio: how many orders per second the system accepts, beside the bare server. Bare server and
 * system alternate A-B-B-A in one run, with the same generator and the same bytes. Every order has a key of its own,
 * and 20,000 buyers with tokens of their own take turns. Stock never runs out. Settlement is paused during a run (a
 * burst); the backlog is settled before the next run, so that the bare server never shares the machine with it. At the
 * end the books are read: every 202 must be an order. Every accept was fsynced before its answer.
 */
import { type ChildProcess, execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { appendFile, writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { call, openSystem, prepareProduct, start, tokenOf } from "./servers.ts";
import { ensureWrk, runWrk, type WrkResult } from "./wrk.ts";

export type AcceptOptions = { pairs: number; seconds: number; connections: number; keep: boolean };

/** Enough buyers that none reaches the limit of orders per minute. */
const buyers = 20_000;

export async function benchAccept({ pairs, seconds, connections, keep }: AcceptOptions): Promise<void> {
  ensureWrk();
  // The load of the machine: a ratio measured on a busy machine depends on it.
  const loadBefore = Math.round((loadavg()[0] ?? 0) * 10) / 10;
  await using stack = new AsyncDisposableStack();
  console.log(`${buyers} buyers get their tokens; the bare server and the system start`);
  const bare = await start("bare.ts", {});
  stack.defer(() => void bare.child.kill());
  const system = await openSystem(stack, { LEAVE_OUT: "settlement,fulfilment" });
  const productId = await prepareProduct(system.port);
  // Each run has its own keys, because the servers may hold those of an earlier run.
  const runId = randomBytes(4).toString("hex");
  const tokens = await prepareTokens(system.folder);
  const body = JSON.stringify({ productId, quantity: 1 });

  let settledMs = 0;
  const servers = { bare, system };
  const run = async (which: "bare" | "system", name: string) => {
    process.stdout.write(`  ${name}: ${which} server, ${seconds} s`);
    const load = { connections, seconds, run: `${runId}-${which}-${name.replaceAll(" ", "-")}`, body, tokens };
    const result = await runWrk({ ...load, port: servers[which].port });
    process.stdout.write(`, ${Math.round(result.perSecond)}/s`);
    if (which === "system") {
      const tookMs = await settle(system.child);
      settledMs += tookMs;
      process.stdout.write(`; backlog settled in ${(tookMs / 1000).toFixed(1)} s`);
    }
    console.log();
    return result;
  };
  const expectedSeconds = (pairs + 1) * seconds * 4;
  console.log(`${connections} connections, ${pairs} pairs after a warm-up: about ${expectedSeconds} s\n`);
  await run("bare", "warm-up");
  const warm = await run("system", "warm-up");
  const seen: { bare: WrkResult; system: WrkResult }[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    const order = pair % 2 === 0 ? (["bare", "system"] as const) : (["system", "bare"] as const);
    const results: Partial<Record<"bare" | "system", WrkResult>> = {};
    for (const which of order) results[which] = await run(which, `pair ${pair + 1}`);
    const both = results as { bare: WrkResult; system: WrkResult };
    seen.push(both);
    console.log(lineOf(both));
  }

  const accepted = warm.accepted + seen.reduce((sum, pair) => sum + pair.system.accepted, 0);
  const refused = warm.others + seen.reduce((sum, pair) => sum + pair.system.others, 0);
  const books = await readBooks(system.port, productId);
  const ratio = spread(seen.map((pair) => pair.system.perSecond / pair.bare.perSecond));
  const p99Ms = spread(seen.map((pair) => pair.system.p99Ms));
  console.log(`\naccept ratio, burst, fsynced: ${ratio.median} (${ratio.min} to ${ratio.max})`);
  console.log(`backlog of ${books.held} orders settled in ${(settledMs / 1000).toFixed(1)} s`);
  // Requests under way when the generator stopped became orders too, but the generator did not count their answers.
  const uncounted = books.held - accepted;
  console.log(
    `books: ${accepted} counted 202 + ${uncounted} cut off by the end of a run = ${books.held} held; reconcile ${books.status}`,
  );
  if (refused > 0) throw new Error(`${refused} orders were refused: this is no accept run`);
  if (uncounted < 0 || uncounted > (pairs + 1) * connections || books.status !== "OK")
    throw new Error("the books do not balance");

  if (keep) {
    const line = { at: new Date().toISOString(), bench: "accept-burst-embedded", commit: commit(), ...machine() };
    const figures = {
      loadBefore,
      pairs,
      seconds,
      connections,
      ratio,
      p99Ms,
      backlog: books.held,
      settledMs: Math.round(settledMs),
    };
    await appendFile(new URL("history.ndjson", import.meta.url), `${JSON.stringify({ ...line, ...figures })}\n`);
  }
}

function lineOf({ bare, system }: { bare: WrkResult; system: WrkResult }): string {
  const of = (result: WrkResult) => `${Math.round(result.perSecond).toString().padStart(6)}/s`;
  const ratio = (system.perSecond / bare.perSecond).toFixed(3);
  return `bare ${of(bare)}   system ${of(system)}   ratio ${ratio}   p50 ${system.p50Ms} ms   p99 ${system.p99Ms} ms`;
}

export function spread(values: readonly number[]): { median: number; min: number; max: number } {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (i: number) => Math.round((sorted[i] ?? Number.NaN) * 1000) / 1000;
  return { median: at(Math.floor(sorted.length / 2)), min: at(0), max: at(sorted.length - 1) };
}

async function prepareTokens(folder: string): Promise<string> {
  const path = join(folder, "tokens");
  const lines: string[] = [];
  for (let i = 0; i < buyers; i += 1) {
    lines.push(tokenOf(`buyer-${i}`, "CUSTOMER"));
  }
  await writeFile(path, `${lines.join("\n")}\n`);
  return path;
}

function settle(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once("message", (message: { settledWithinMs: number }) => resolve(message.settledWithinMs));
    child.send({ ask: "settle" });
  });
}

async function readBooks(port: number, productId: string): Promise<{ held: number; status: unknown }> {
  const { status } = await call(port, "GET", "/admin/reconcile");
  const { held } = await call(port, "GET", `/inventory/${productId}`);
  return { held: Number(held), status };
}

function commit(): string {
  return execFileSync("git", ["rev-parse", "--short", "HEAD"]).toString().trim();
}

function machine(): Record<string, unknown> {
  return { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
}
