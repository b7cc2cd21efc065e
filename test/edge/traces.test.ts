/** Traces of orders, at a trace store of the test's own. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { randomHex } from "#platform/ids";
import type { Client, Headers, PlacedOrder } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { payOrder } from "../support/pay.ts";
import { openTraceStore, type StoredSpan, type TraceStore } from "../support/trace-store.ts";
import { openWorld, type World } from "../support/world.ts";

let store: TraceStore;
let world: World;
const heard: { headers: IncomingHttpHeaders; body: string }[] = [];
const receiver = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  heard.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
  response.end();
});

before(async () => {
  store = await openTraceStore();
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  world = await openWorld({
    settings: {
      WEBHOOKS_ALLOW_PRIVATE: "true",
      OTEL_EXPORTER_OTLP_ENDPOINT: store.url,
      OTEL_EXPORTER_OTLP_HEADERS: "x-api-key=a%20key",
      OTEL_SERVICE_NAME: "a shop",
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
      OTEL_BSP_SCHEDULE_DELAY: "50",
    },
  });
  const { port } = receiver.address() as AddressInfo;
  const hook = await world.admin.post("/webhooks", { url: `http://127.0.0.1:${port}/hook`, events: [] });
  assert.equal(hook.status, 201, JSON.stringify(hook.body));
});
after(async () => {
  await world?.close();
  receiver.closeAllConnections();
  receiver.close();
  await store?.close();
});

/** A caller's own span, as its traceparent names it. */
function callersTrace(flags = "01") {
  const [traceId, spanId] = [randomHex(16), randomHex(8)];
  return { traceId, spanId, headers: { traceparent: `00-${traceId}-${spanId}-${flags}` } };
}

async function place(buyer: Client, productId: string, headers: Headers): Promise<PlacedOrder> {
  const placed = await buyer.post<PlacedOrder>("/orders", { productId, quantity: 1 }, headers);
  assert.equal(placed.status, 202, JSON.stringify(placed.body));
  return placed.body;
}

/** The spans of the trace, as soon as it has one of each of these names. */
function untilTraced(traceId: string, ...names: string[]): Promise<StoredSpan[]> {
  return eventually(() => {
    const spans = store.of(traceId);
    const missing = names.filter((name) => !spans.some((span) => span.name === name));
    assert.deepEqual(missing, [], `there are ${spans.map((span) => span.name).join(", ")}`);
    return spans;
  });
}

function only(spans: readonly StoredSpan[], name: string): StoredSpan {
  const [span, ...more] = spans.filter((one) => one.name === name);
  assert.ok(span && more.length === 0, `${name}: ${more.length + 1} spans`);
  return span;
}

describe("a shop that sends traces", () => {
  test("shows an order from its request to the webhook that it is confirmed, in one trace that the caller began", async () => {
    const productId = await world.newProduct({ stock: 5 });
    const buyer = world.as("traced");
    const caller = callersTrace();
    const { orderId } = await place(buyer, productId, caller.headers);
    // The payment is a request with a trace of its own: a browser sends no trace context.
    assert.equal((await payOrder(buyer, orderId, { cardNumber: "4242424242424242" })).status, 202);
    await world.untilStatus(buyer, orderId, "CONFIRMED");
    const spans = await untilTraced(
      caller.traceId,
      ...["POST /orders", "place order", "gate reserve", "log append", "gate mark", "settle"],
      ...[
        "pay",
        "simulator authorize",
        "payment authorized",
        "saga: confirm paid",
        "capture",
        "simulator capture",
        "webhook",
      ],
    );
    const request = only(spans, "POST /orders");
    assert.deepEqual([request.parentSpanId, request.kind], [caller.spanId, 2]);
    assert.equal(request.fields["http.response.status_code"], 202);
    const placing = only(spans, "place order");
    assert.equal(placing.parentSpanId, request.spanId);
    assert.deepEqual([placing.fields["order.id"], placing.fields["order.answer"]], [orderId, "accepted"]);
    for (const name of ["gate reserve", "log append", "gate mark"]) {
      assert.equal(only(spans, name).parentSpanId, placing.spanId, name);
    }
    assert.equal(only(spans, "settle").parentSpanId, only(spans, "log append").spanId);
    assert.equal(only(spans, "simulator authorize").parentSpanId, only(spans, "pay").spanId);
    const paid = store.spans.find((span) => span.spanId === only(spans, "pay").links[0]?.spanId);
    assert.equal(paid?.name, "POST /orders/:orderId/payment");
    for (const { parentSpanId, name } of spans) {
      const isKnown = parentSpanId === caller.spanId || spans.some(({ spanId }) => spanId === parentSpanId);
      assert.ok(isKnown, `${name} hangs on a span that is not in the trace`);
    }
    const webhooks = await eventually(() => {
      const ofOrder = heard.filter(({ body }) => body.includes(orderId));
      return ofOrder.some(({ body }) => body.includes("order.confirmed")) && ofOrder;
    });
    for (const { headers } of webhooks) assert.match(String(headers.traceparent), new RegExp(`^00-${caller.traceId}-`));
  });

  test("says who it is, and sends its key, to the address for traces", () => {
    const { path, headers, resource } = store.asked[0] as TraceStore["asked"][number];
    assert.deepEqual([path, headers["x-api-key"]], ["/v1/traces", "a key"]);
    assert.equal(resource["service.name"], "a shop");
    assert.equal(resource["deployment.environment.name"], "test");
  });

  test("shows a request that is repeated in a trace of its own, which appends nothing", async () => {
    const productId = await world.newProduct({ stock: 5 });
    const buyer = world.as("repeating");
    const [first, second] = [callersTrace(), callersTrace()];
    const key = { "idempotency-key": randomHex(8) };
    const { orderId } = await place(buyer, productId, { ...key, ...first.headers });
    assert.equal((await place(buyer, productId, { ...key, ...second.headers })).orderId, orderId);
    await untilTraced(first.traceId, "log append", "settle");
    const repeated = await untilTraced(second.traceId, "POST /orders");
    const { fields } = only(repeated, "place order");
    assert.deepEqual([fields["order.id"], fields["order.answer"]], [orderId, "replayed"]);
    assert.deepEqual(
      repeated.filter(({ name }) => name === "log append" || name === "settle"),
      [],
    );
  });

  test("shows an order that is cancelled up to what was given back", async () => {
    const productId = await world.newProduct({ stock: 5 });
    const buyer = world.as("cancelling");
    const caller = callersTrace();
    const { orderId } = await place(buyer, productId, caller.headers);
    await eventually(async () => (await buyer.post(`/orders/${orderId}/cancel`)).status === 202);
    const spans = await untilTraced(caller.traceId, "saga: give back", "give back", "webhook");
    assert.equal(only(spans, "saga: give back").fields.orders, 1);
    assert.deepEqual(
      spans.filter(({ name }) => name.endsWith("capture")),
      [],
    );
  });

  test("makes no span behind a request whose caller does not sample it, and names the trace in its answer", async () => {
    const productId = await world.newProduct({ stock: 1 });
    const [unsampled, sampled] = [callersTrace("00"), callersTrace()];
    const buyer = world.as("not sampled");
    await place(buyer, productId, unsampled.headers);
    const refused = await buyer.post<{ code: string; traceId: string }>(
      "/orders",
      { productId, quantity: 1 },
      unsampled.headers,
    );
    assert.deepEqual([refused.body.code, refused.body.traceId], ["sold_out", unsampled.traceId]);
    await buyer.post("/orders", { productId, quantity: 1 }, sampled.headers);
    await untilTraced(sampled.traceId, "POST /orders");
    assert.deepEqual(store.of(unsampled.traceId), []);
  });

  test("shows the settlement of many orders as one span, with a link to each", async () => {
    const productId = await world.newProduct({ stock: 200 });
    const buyers = Array.from({ length: 60 }, (_, i) => ({
      buyer: world.as(`one of many ${i}`),
      trace: callersTrace(),
    }));
    await Promise.all(buyers.map(({ buyer, trace }) => place(buyer, productId, trace.headers)));
    const ours = new Set(buyers.map(({ trace }) => trace.traceId));
    await eventually(() => {
      const settled = store.spans
        .filter(({ name }) => name === "settle")
        .flatMap(({ traceId, links }) => [traceId, ...links.map((link) => link.traceId)]);
      return [...ours].every((traceId) => settled.includes(traceId));
    });
    const together = store.spans.filter(
      ({ name, links }) => name === "settle" && links.some(({ traceId }) => ours.has(traceId)),
    );
    assert.ok(together.length > 0, "each of 60 orders at once was settled alone");
    for (const { traceId, parentSpanId, links, fields } of together) {
      assert.ok(!ours.has(traceId) && !parentSpanId, "it is in the trace of one of its orders");
      assert.ok(links.length > 1 && links.length <= Number(fields.orders));
    }
  });
});

describe("a trace store that takes nothing", () => {
  test("keeps no order from its end, and what it did not take is counted", async () => {
    store.refuse();
    const productId = await world.newProduct({ stock: 5 });
    const buyer = world.as("untold");
    const { orderId } = await place(buyer, productId, callersTrace().headers);
    assert.equal((await payOrder(buyer, orderId, { cardNumber: "4242424242424242" })).status, 202);
    await world.untilStatus(buyer, orderId, "CONFIRMED");
    const countOf = async (outcome: string) => {
      const { body } = await world.admin.get<string>("/actuator/prometheus");
      return Number(new RegExp(`^dropgate_spans_total\\{outcome="${outcome}"\\} (\\d+)$`, "m").exec(body)?.[1]);
    };
    await eventually(async () => (await countOf("not_delivered")) > 0);
    assert.ok((await countOf("delivered")) >= store.spans.length);
  });
});
