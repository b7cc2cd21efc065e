import { after } from "node:test";
import { gateContract } from "../contract/gate.testing.ts";
import { memoryNonces, openTestGate, skipWithoutRedis, startTestRedis, type TestRedis } from "./redis.testing.ts";

let redis: TestRedis | undefined;
after(() => redis?.close());

async function openLosableGate() {
  redis = await startTestRedis();
  const server = redis;
  const gate = await openTestGate(server, memoryNonces());
  return { ...gate, lose: async () => void (await server.ask("SCRIPT", "FLUSH")) };
}

gateContract("Redis", openLosableGate, { skip: skipWithoutRedis });
