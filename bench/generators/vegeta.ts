/** An open loop: orders are sent at a fixed rate, whether or not the earlier ones are answered. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
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

export async function runVegeta(run: OpenRun): Promise<OpenResult> {
  const program = findProgram("vegeta") ?? missing("vegeta");
  const attack = [
    "attack",
    "-format=json",
    "-lazy",
    `-rate=${run.perSecond}/1s`,
    `-duration=${run.seconds}s`,
    "-timeout=10s",
    "-max-body=0",
    "-connections=2000",
    "-max-connections=2000",
  ];
  const attacker = spawn(program, attack, { stdio: ["pipe", "pipe", "inherit"] });
  const encoder = spawn(program, ["encode", "--to", "csv"], { stdio: ["pipe", "pipe", "inherit"] });
  attacker.stdout.pipe(encoder.stdin);
  // Vegeta ends before it has read all that was offered.
  attacker.stdin.on("error", () => {});
  await writeTargets(run, attacker.stdin);

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

/** A target for each request: every order has a key of its own. */
async function writeTargets({ port, perSecond, seconds, products, tokens }: OpenRun, to: NodeJS.WritableStream) {
  const buyers = (await readFile(tokens, "utf8")).trim().split("\n");
  const bodies = (await readFile(products, "utf8"))
    .trim()
    .split("\n")
    .map((productId) => Buffer.from(JSON.stringify({ productId, quantity: 1 })).toString("base64"));
  const keys = randomBytes(4).toString("hex");
  const count = perSecond * seconds;
  let next = 0;
  const write = () => {
    while (next < count) {
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
      next += 1;
      if (!to.write(`${JSON.stringify(target)}\n`)) return void to.once("drain", write);
    }
    to.end();
  };
  write();
}
