import { memoryNonces, openTestGate, rebuilt, startTestRedis, requestOf } from "./redis.testing.ts";
const redis = await startTestRedis();
const log = { warn: console.log, error: (...a: unknown[]) => console.log("ERR", ...a), debug: console.log, info: console.log, isEnabled: () => true };
const gate = await openTestGate(redis, memoryNonces(), { timeoutMs: 5000, reserveTimeoutMs: 5000, log: log as never });
const ids = Array.from({ length: 64 }, (_, i) => `lamp-${i}`);
for (const id of ids) await rebuilt(gate, id, { sellable: 1e9 });
for (let k = 0; k < 3000; k++) {
  const got = await gate.reserve(ids.map((id) => requestOf(id)));
  if (got.some((g) => g.kind !== "reserved")) { console.log(k, JSON.stringify(got).slice(0, 300)); break; }
  await gate.mark(got.map((g) => (g as any).reservation));
}
await gate.shutdown(); await redis.close();
