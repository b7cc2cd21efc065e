import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createIdentity } from "#identity";
import { systemClock } from "#platform/clock";
import { createHttp, type Http } from "#platform/http";
import { createLog } from "#platform/log";
import { paymentRoutes } from "./routes.ts";
import { openTestShop } from "./shop.testing.ts";
import { PayRequest } from "./wire.ts";

const shop = await openTestShop();
const identity = createIdentity({ secret: "a secret of at least 32 bytes....", issuer: "test", trustUserHeader: true });
let http: Http;

before(async () => {
  const log = createLog({ level: "silent" });
  http = await createHttp({ log, clock: systemClock, openApi: { title: "Test", version: "1" } });
  paymentRoutes(http, { payment: shop.payment, identity });
  http.post("/pay", { schema: { body: PayRequest } }, async () => ({ valid: true }));
});
after(async () => {
  await http.close();
  await shop.close();
});

function post(url: string, payload: Buffer | string, headers: Record<string, string> = {}) {
  return http.inject({ method: "POST", url, payload, headers });
}

function pay(body: Record<string, unknown>) {
  return post("/pay", JSON.stringify(body), { "content-type": "application/json" });
}

test("a signed webhook is accepted whatever its content type, and again when it is repeated", async () => {
  const orderId = await shop.order();
  const paymentId = await shop.pay(orderId, "4000 0000 0000 0505");
  const { body, headers } = shop.webhook({ paymentId });
  for (const type of ["application/json", "application/cloudevents+json; charset=utf-8", undefined]) {
    const contentType: Record<string, string> = type ? { "content-type": type } : {};
    const answer = await post("/payments/webhooks/simulator", body, { ...headers(), ...contentType });
    assert.deepEqual([answer.statusCode, answer.json()], [200, { received: true }]);
  }
  assert.deepEqual(await shop.states(orderId), ["authorized"]);
});

test("a webhook that its provider did not sign is refused with 401 and changes nothing", async () => {
  const orderId = await shop.order();
  const paymentId = await shop.pay(orderId, "4000 0000 0000 0505");
  const { body, headers } = shop.webhook({ paymentId });
  const pretty = Buffer.from(JSON.stringify(JSON.parse(body.toString()), null, 2));
  const signed = { "content-type": "application/json", ...headers() };
  for (const [payload, sent] of [
    [body, { "content-type": "application/json" }],
    [pretty, signed],
    [Buffer.alloc(0), signed],
    [body, { ...signed, "webhook-id": "evt_other" }],
  ] as [Buffer, Record<string, string>][]) {
    const answer = await post("/payments/webhooks/simulator", payload, sent);
    assert.deepEqual([answer.statusCode, answer.json().code], [401, "bad_signature"]);
    assert.equal(answer.headers["www-authenticate"], 'Bearer realm="dropgate"');
  }
  assert.deepEqual(await shop.states(orderId), ["requested"]);
});

test("a webhook for an unknown provider is answered 404, and one that is too large 413", async () => {
  const json = { "content-type": "application/json" };
  const unknown = await post("/payments/webhooks/stripe", "{}", json);
  assert.deepEqual([unknown.statusCode, unknown.json().code], [404, "unknown_provider"]);
  const large = await post("/payments/webhooks/simulator", "x".repeat(64 * 1024 + 1), json);
  assert.deepEqual([large.statusCode, large.json().code], [413, "body_too_large"]);
});

test("bodies at other addresses than the webhook's are still parsed and checked as JSON", async () => {
  assert.equal((await post("/pay", "{", { "content-type": "application/json" })).statusCode, 400);
  assert.equal((await post("/pay", "{}", { "content-type": "text/plain" })).statusCode, 415);
});

test("a card number has twelve to nineteen digits, with or without blanks; its check digit is left to the provider", async () => {
  for (const cardNumber of ["4242424242424242", "4242 4242 4242 4242", "400000000010", "4000000000000000000"]) {
    assert.equal((await pay({ cardNumber })).statusCode, 200, cardNumber);
  }
  const full = { cardNumber: "4242424242424242", expMonth: 12, expYear: 2030, cvc: "123", name: "Ada Lovelace" };
  assert.equal((await pay(full)).statusCode, 200);
});

test("an invalid request to pay is refused, and the answer never repeats the number", async () => {
  for (const body of [
    { paymentMethod: "4242424242424242" },
    { cardNumber: 4242424242424242 },
    { cardNumber: "4242-4242-4242-4242" },
    { cardNumber: "42424242424" },
    { cardNumber: "42424242424242424242" },
    { cardNumber: `4242424242424242${" ".repeat(10_000)}` },
    { cardNumber: "4242424242424242", amountMinor: 1 },
    { cardNumber: "4242424242424242", expMonth: 13 },
    { cardNumber: "4242424242424242", cvc: "12" },
  ]) {
    const answer = await pay(body);
    assert.deepEqual([answer.statusCode, answer.json().code], [400, "validation"], JSON.stringify(body).slice(0, 80));
    assert.doesNotMatch(answer.body, /4242/);
  }
});
