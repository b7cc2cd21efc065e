/** An open loop: orders are sent at a fixed rate, whether or not the earlier ones are answered. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pipeline } from "node:stream/promises";
import { findProgram, missing } from "../../test/servers/cache.ts";
import { quantile } from "../figures.ts";

export type OpenRun = {
  port: number;
  perSecond: number;
  seconds: number;
  /** Answers of the first seconds do not count. */
  dropSeconds: number;
  products: string;
  tokens: string;
};

export type OpenResult = {
  /** Sent in the time that counts, by the generator's clock. */
  sentPerSecond: number;
  /** Answered 202 in the time that counts: an answer that comes after it was too late to be of use. */
  acceptedPerSecond: number;
  /** Of accepted orders, milliseconds. */
  p50Ms: number;
  p99Ms: number;
  p999Ms: number;
  /** Counts by status; 0 stands for requests without an answer. */
  answers: Readonly<Record<string, number>>;
  accepted: number;
  /** The generator kept its rate within 2 %. If not, its figures are void. */
  keptRate: boolean;
};

const chunkBytes = 256_000;

/**
 * The targets are written before, and the answers read afterwards: both would take as much of the machine as the attack itself, from
 * the system that is measured.
 */
export async function runVegeta(run: OpenRun): Promise<OpenResult> {
  const program = findProgram("vegeta") ?? missing("vegeta");
  const folder = await mkdtemp(join(tmpdir(), "dropgate-vegeta-"));
  try {
    const [targets, results] = [join(folder, "targets"), join(folder, "results")];
    await pipeline(targetsOf(run), createWriteStream(targets));
    await attack(program, run, targets, results);
    return await readResults(program, run, results);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function attack(program: string, { perSecond, seconds }: OpenRun, targets: string, results: string) {
  const attacker = spawn(
    program,
    [
      "attack",
      "-format=json",
      "-lazy",
      `-targets=${targets}`,
      `-output=${results}`,
      `-rate=${perSecond}/1s`,
      `-duration=${seconds}s`,
      "-timeout=10s",
      "-max-body=0",
      "-connections=2000",
      "-max-connections=2000",
    ],
    { stdio: ["ignore", "inherit", "inherit"] },
  );
  const [code] = await once(attacker, "close");
  if (code !== 0) throw new Error(`${program} attack ended with ${code}`);
}

async function readResults(program: string, run: OpenRun, results: string): Promise<OpenResult> {
  const encoder = spawn(program, ["encode", "--to", "csv", results], { stdio: ["ignore", "pipe", "inherit"] });
  const sentAt: number[] = [];
  const accepted: number[] = [];
  const answers: Record<string, number> = {};
  let total = 0;
  let inTime = 0;
  let first: number | undefined;
  for await (const line of createInterface({ input: encoder.stdout })) {
    const [at = "", status = "", latency = ""] = line.split(",", 3);
    const atMs = Number(BigInt(at) / 1_000_000n);
    first ??= atMs;
    if (status === "202") {
      total += 1;
      const answeredMs = atMs - first + Number(latency) / 1e6;
      if (answeredMs >= run.dropSeconds * 1000 && answeredMs < run.seconds * 1000) inTime += 1;
    }
    if (atMs - first < run.dropSeconds * 1000) continue;
    sentAt.push(atMs);
    answers[status] = (answers[status] ?? 0) + 1;
    if (status === "202") accepted.push(Number(latency) / 1e6);
  }
  const seconds = run.seconds - run.dropSeconds;
  const ascending = accepted.toSorted((a, b) => a - b);
  const sentPerSecond = sentAt.length / seconds;
  return {
    sentPerSecond,
    acceptedPerSecond: inTime / seconds,
    p50Ms: quantile(ascending, 0.5),
    p99Ms: quantile(ascending, 0.99),
    p999Ms: quantile(ascending, 0.999),
    answers,
    accepted: total,
    keptRate: Math.abs(sentPerSecond / run.perSecond - 1) < 0.02,
  };
}

/** A target for each request, some hundred at a time: every order has a key of its own. */
async function* targetsOf({ port, perSecond, seconds, products, tokens }: OpenRun): AsyncGenerator<string> {
  const buyers = (await readFile(tokens, "utf8")).trim().split("\n");
  const bodies = (await readFile(products, "utf8"))
    .trim()
    .split("\n")
    .map((productId) => Buffer.from(JSON.stringify({ productId, quantity: 1 })).toString("base64"));
  const keys = randomBytes(4).toString("hex");
  // One more: vegeta may find time for it, and would count a request without an answer.
  const count = perSecond * seconds + 1;
  let lines = "";
  for (let next = 0; next < count; next += 1) {
    const target = {
      method: "POST",
      url: `http://127.0.0.1:${port}/orders`,
      body: bodies[next % bodies.length],
      header: {
        Authorization: [`Bearer ${buyers[next % buyers.length]}`],
        "Content-Type": ["application/json"],
        "Idempotency-Key": [`${keys}-${next}`],
      },
    };
    lines += `${JSON.stringify(target)}\n`;
    if (lines.length < chunkBytes) continue;
    yield lines;
    lines = "";
  }
  yield lines;
}
