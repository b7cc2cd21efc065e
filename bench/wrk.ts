/** Runs the load generator wrk: a closed loop of connections on one thread. */
import { execFile, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export type WrkResult = { accepted: number; others: number; perSecond: number; p50Ms: number; p99Ms: number };
export type WrkRun = { port: number; connections: number; seconds: number; run: string; body: string; tokens: string };

/** @throws if wrk is missing and this user cannot install it; names the package. */
export function ensureWrk(): void {
  if (spawnSync("wrk", ["-v"]).error === undefined) return;
  const installed = process.getuid?.() === 0 && spawnSync("apt-get", ["install", "-y", "wrk"]).status === 0;
  if (!installed) throw new Error("the benchmark needs wrk: install the package of that name");
}

export async function runWrk({ port, connections, seconds, run, body, tokens }: WrkRun): Promise<WrkResult> {
  const script = fileURLToPath(new URL("orders.lua", import.meta.url));
  const load = ["-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "5s", "-s", script];
  const { stdout } = await promisify(execFile)("wrk", [...load, `http://127.0.0.1:${port}`, "--", run, body, tokens]);
  const numbers = /RESULT (\d+) (\d+) (\d+) (\d+) (\d+)/.exec(stdout)?.slice(1).map(Number);
  if (!numbers || stdout.includes("Socket errors")) throw new Error(`wrk did not run cleanly:\n${stdout}`);
  const [accepted, others, durationUs, p50Us, p99Us] = numbers as [number, number, number, number, number];
  const perSecond = accepted / (durationUs / 1e6);
  return { accepted, others, perSecond, p50Ms: p50Us / 1000, p99Ms: p99Us / 1000 };
}
