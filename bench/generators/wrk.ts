/** A closed loop on one thread: each connection sends its next order when the last one is answered. */
import { execFile, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export type WrkResult = {
  /** Answers below 400. */
  accepted: number;
  refused: number;
  /** Answers of either kind. */
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
};
export type WrkRun = {
  port: number;
  connections: number;
  seconds: number;
  /** Begins each key of the run. */
  run: string;
  /** Files with a product, and with a token, a line. */
  products: string;
  tokens: string;
};

/** @throws if wrk is missing and this user cannot install it; names the package. */
export function ensureWrk(): void {
  if (spawnSync("wrk", ["-v"]).error === undefined) return;
  const installed = process.getuid?.() === 0 && spawnSync("apt-get", ["install", "-y", "wrk"]).status === 0;
  if (!installed) throw new Error("the benchmark needs wrk: install the package of that name");
}

export async function runWrk({ port, connections, seconds, run, products, tokens }: WrkRun): Promise<WrkResult> {
  const script = fileURLToPath(new URL("orders.lua", import.meta.url));
  const load = ["-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "5s", "-s", script];
  const to = `http://127.0.0.1:${port}`;
  const { stdout } = await promisify(execFile)("wrk", [...load, to, "--", run, products, tokens]);
  const numbers = /RESULT (\d+) (\d+) (\d+) (\d+) (\d+)/.exec(stdout)?.slice(1).map(Number);
  if (!numbers || stdout.includes("Socket errors")) throw new Error(`wrk did not run cleanly:\n${stdout}`);
  const [accepted, refused, durationUs, p50Us, p99Us] = numbers as [number, number, number, number, number];
  const perSecond = (accepted + refused) / (durationUs / 1e6);
  return { accepted, refused, perSecond, p50Ms: p50Us / 1000, p99Ms: p99Us / 1000 };
}
