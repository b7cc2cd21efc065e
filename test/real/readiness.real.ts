/** The whole system on real servers that answer, but cannot take orders. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { createClient } from "@redis/client";
import type { Problem } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { type Fleet, openFleet, tellOutput } from "../support/fleet.ts";

type Health = { status: string; components: Record<string, { status: string; details?: { error?: string } }> };

describe("readiness on real servers", { timeout: 600_000 }, () => {
  let fleet: Fleet;
  before(async () => {
    fleet = await openFleet({ which: ["redis", "postgres"] });
  });
  afterEach((context) => tellOutput(fleet, ["all"])(context));
  after(() => fleet?.close());

  async function askRedis(...command: string[]): Promise<void> {
    const { host, port, password } = fleet.servers.redis;
    const client = createClient({ password, socket: { host, port: Number(port), reconnectStrategy: false } });
    client.on("error", () => {});
    await client.connect();
    try {
      await client.sendCommand(command);
    } finally {
      client.destroy();
    }
  }

  async function readiness(): Promise<{ status: number; stockGate: string | undefined }> {
    const answer = await fetch(`${fleet.origin}/actuator/health/readiness`);
    const { components } = (await answer.json()) as Health;
    return { status: answer.status, stockGate: components.stockGate?.details?.error };
  }

  const troubles = [
    { says: "full", begin: ["maxmemory", "1"], end: ["maxmemory", "0"], answer: /OOM/ },
    {
      says: "without replicas to write to",
      begin: ["min-replicas-to-write", "1"],
      end: ["min-replicas-to-write", "0"],
      answer: /NOREPLICAS/,
    },
  ] as const;

  for (const { says, begin, end, answer } of troubles) {
    test(`O27: a Redis that is ${says}: orders are refused, readiness has the reason, and the log has it a few times`, async () => {
      const productId = await fleet.newProduct({ stock: 1_000 });
      const linesBefore = fleet.member("all").output.split("\n").length;
      const order = () => fleet.as("ada").post<Problem>("/orders", { productId, quantity: 1 });
      await askRedis("CONFIG", "SET", ...begin);
      try {
        const down = await eventually(async () => {
          const now = await readiness();
          return now.status === 503 && now;
        });
        assert.match(down.stockGate ?? "", answer);
        for (let i = 0; i < 20; i += 1) {
          const refused = await Promise.all(Array.from({ length: 25 }, order));
          for (const { status, body } of refused) assert.equal(status, 503, JSON.stringify(body));
        }
        const lines = fleet.member("all").output.split("\n").length - linesBefore;
        assert.ok(lines < 60, `500 refused orders made ${lines} lines`);
      } finally {
        await askRedis("CONFIG", "SET", ...end);
      }
      await eventually(async () => (await readiness()).status === 200);
      await eventually(async () => (await order()).status === 202);
      await fleet.untilAtRest(productId);
    });
  }
});
