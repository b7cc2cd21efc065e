import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { createLog } from "#platform/log";
import { beginSpan, isTracing } from "#platform/spans";
import { openTraceStore } from "../../../test/support/trace-store.ts";
import { until } from "../../../test/support/until.ts";
import { startTracing } from "../open.ts";
import type { SpanOutcome, TracingSettings } from "./tracing.ts";

const silent = createLog({ level: "silent" });
const settings: TracingSettings = {
  url: "http://127.0.0.1:1/v1/traces",
  headers: {},
  timeoutMs: 200,
  resource: { "service.name": "test" },
  sampler: "parentbased_always_on",
  ratio: 1,
  mostWaiting: 2_048,
  deliverEveryMs: 1,
};
const caller = { traceId: "a".repeat(32), parentId: "1".repeat(16), sampled: true };

async function open(changed: Partial<TracingSettings> = {}) {
  const tracing = await startTracing({ ...settings, ...changed }, silent);
  assert.ok(tracing);
  const spans: Record<SpanOutcome, number> = { delivered: 0, queue_full: 0, not_delivered: 0 };
  tracing.onSpans((outcome, count) => {
    spans[outcome] += count;
  });
  return { spans, stop: tracing.stop };
}

function make(count: number): void {
  for (let i = 0; i < count; i += 1) beginSpan("work", { parent: caller }).end();
}

describe("traces", () => {
  test("are nothing without an address: no file of the library is loaded, not even by the process itself", async () => {
    assert.equal(await startTracing(undefined, silent), undefined);
    assert.equal(isTracing(), false);
    const main = new URL("../../main.ts", import.meta.url).href;
    const program = `
      import { registerHooks } from "node:module";
      const loaded = [];
      registerHooks({ resolve(name, context, next) {
        const found = next(name, context);
        if (/@opentelemetry.(?!api.)/.test(found.url)) loaded.push(found.url);
        return found;
      } });
      await import(${JSON.stringify(main)});
      console.log(JSON.stringify(loaded));
      process.exit();`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program]);
    assert.deepEqual(JSON.parse(stdout), []);
  });

  test("that a store does not answer, or takes too slowly, are dropped and counted, and stopping does not wait for it", async () => {
    const store = await openTraceStore();
    store.hang();
    const { spans, stop } = await open({ url: `${store.url}/v1/traces`, mostWaiting: 5 });
    make(5);
    await until(() => spans.not_delivered > 0);
    make(20);
    assert.ok(spans.queue_full > 0);
    await stop();
    assert.equal(isTracing(), false);
    assert.equal(spans.delivered, 0);
    await store.close();
  });

  test("are dropped and counted while no store listens", async () => {
    const { spans, stop } = await open();
    make(3);
    await until(() => spans.not_delivered === 3);
    await stop();
  });

  test("that wait when the process stops are delivered", async () => {
    const store = await openTraceStore();
    const { spans, stop } = await open({ url: `${store.url}/v1/traces`, timeoutMs: 10_000, deliverEveryMs: 60_000 });
    make(3);
    await stop();
    assert.deepEqual([spans.delivered, store.spans.length], [3, 3]);
    await store.close();
  });

  test("begin by the sampler, and follow their caller or the orders of their batch", async () => {
    const { stop } = await open({ sampler: "parentbased_traceidratio", ratio: 0 });
    const isSampled = (begin: Parameters<typeof beginSpan>[1]) => beginSpan("work", begin).trace.sampled;
    assert.equal(isSampled({}), false);
    assert.equal(isSampled({ parent: caller }), true);
    assert.equal(isSampled({ parent: { ...caller, sampled: false } }), false);
    assert.equal(isSampled({ links: [{ ...caller, sampled: false }, caller] }), true);
    assert.equal(isSampled({ links: [{ ...caller, sampled: false }] }), false);
    await stop();
    const always = await open({ sampler: "always_off" });
    assert.equal(isSampled({ parent: caller }), false);
    await always.stop();
  });
});
