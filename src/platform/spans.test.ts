import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createLog } from "./log.ts";
import type { SpanFields, SpanStart } from "./span.ts";
import { currentTrace, inBatchSpan, inTraceOf, isTracing, traceBy, traced, traceHeaders } from "./spans.ts";
import type { Trace } from "./trace.ts";

const nothing = { fields: {} };
const ofOrder: Trace = { traceId: "a".repeat(32), parentId: "1".repeat(16), sampled: true };
const ofAnother: Trace = { traceId: "b".repeat(32), parentId: "2".repeat(16), sampled: true };

describe("without a tracer", () => {
  test("a traced function is the function itself, and work about an order is only done", async () => {
    const work = async (quantity: number) => quantity;
    assert.equal(traced("work", work), work);
    assert.equal(isTracing(), false);
    const seen = await inTraceOf(ofOrder, "pay", nothing, async () => [currentTrace(), traceHeaders()]);
    assert.deepEqual(seen, [undefined, {}]);
    assert.equal(await inBatchSpan("settle", [ofOrder], nothing, async () => currentTrace()), undefined);
  });
});

describe("with a tracer", () => {
  type Begun = SpanStart & { name: string; id: string; failed?: string; ended: boolean; told: SpanFields };
  const begun: Begun[] = [];
  let end: () => void;
  before(() => {
    end = traceBy({
      start(name, begin) {
        const id = String(begun.length).padStart(16, "0");
        const span: Begun = { ...begin, name, id, ended: false, told: {} };
        begun.push(span);
        const traceId = begin.parent?.traceId ?? "c".repeat(32);
        return {
          trace: { traceId, parentId: id, sampled: begin.parent?.sampled ?? true },
          set: (fields) => Object.assign(span.told, fields),
          fail(why) {
            span.failed = why;
          },
          end() {
            span.ended = true;
          },
        };
      },
    });
  });
  after(() => end());

  const last = () => begun.at(-1) as Begun;

  test("work about an order is in the order's trace, and links to the request that led to it", async () => {
    const headers = await inTraceOf(ofAnother, "request", nothing, () =>
      inTraceOf(ofOrder, "pay", nothing, async () => traceHeaders()),
    );
    assert.deepEqual([last().parent, last().links?.[0]?.traceId], [ofOrder, ofAnother.traceId]);
    assert.deepEqual(headers, { traceparent: `00-${ofOrder.traceId}-${last().id}-01` });
  });

  test("work about an order within the order's own trace is below the open span, without a link", async () => {
    await inTraceOf(ofOrder, "saga", nothing, () => inTraceOf(ofOrder, "capture", nothing, async () => {}));
    const [saga, capture] = begun.slice(-2);
    assert.deepEqual([capture?.parent?.parentId, capture?.links], [saga?.id, undefined]);
  });

  test("work on one traced order is in its trace; on many it is one span, which belongs to none and links to all", async () => {
    await inBatchSpan("settle", [ofOrder], nothing, async () => {});
    assert.deepEqual([last().parent, last().links], [ofOrder, undefined]);
    await inBatchSpan("settle", [ofOrder, ofAnother], nothing, async () => {});
    assert.deepEqual([last().parent, last().links], [undefined, [ofOrder, ofAnother]]);
    const before = begun.length;
    await inBatchSpan("settle", [], nothing, async () => {});
    assert.equal(begun.length, before);
  });

  test("a traced function makes a span within a sampled trace only, with what it answered", async () => {
    const reserve = traced("reserve", async (quantity: number) => ({ left: 5 - quantity }), { answered: (it) => it });
    const before = begun.length;
    assert.deepEqual(await reserve(1), { left: 4 });
    await inTraceOf({ ...ofOrder, sampled: false }, "request", nothing, () => reserve(2));
    assert.equal(begun.length, before + 1);
    await inTraceOf(ofOrder, "request", nothing, () => reserve(2));
    assert.deepEqual([last().name, last().told, last().ended], ["reserve", { left: 3 }, true]);
  });

  test("work that throws ends its span with the reason", async () => {
    const broken = inTraceOf(ofOrder, "capture", nothing, async () => {
      throw new Error("no answer");
    });
    await assert.rejects(broken, /no answer/);
    assert.deepEqual([last().failed, last().ended], ["no answer", true]);
  });

  test("a line of the log carries the trace and the span of the work", async () => {
    const lines: string[] = [];
    const log = createLog({ destination: { write: (line: string) => lines.push(line) } });
    await inTraceOf(ofOrder, "settle", nothing, async () => log.info("settled"));
    const { trace_id, span_id } = JSON.parse(lines[0] ?? "");
    assert.deepEqual([trace_id, span_id], [ofOrder.traceId, last().id]);
  });
});
