import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, test } from "node:test";
import type { Answer, Client, Headers, Order, Problem, Reconciliation } from "../support/client.ts";
import { openWorld, type World } from "../support/world.ts";

const json = { "content-type": "application/json" };
const goodCard = { cardNumber: "4242424242424242" };
const noOrder = "00000000-0000-8000-8000-000000000000";

describe("bad input gets a clear problem and changes nothing", () => {
  let world: World;
  let ada: Client;
  let eve: Client;
  let lamp: string;
  let order: string;
  before(async () => {
    world = await openWorld();
    ada = world.as("ada");
    eve = world.as("eve");
    lamp = await world.newProduct({ stock: 10, price: 500, limitPerCustomer: 5 });
    ({ orderId: order } = await world.place(ada, lamp, 2));
    await world.untilStatus(ada, order, "PAYMENT_PENDING");
    await world.untilAtRest(lamp);
  });
  after(() => world.close());

  /** All state that a request could have changed. */
  async function everything() {
    const [reconciliation, products, ...orders] = await Promise.all([
      world.admin.get<Reconciliation>("/admin/reconcile"),
      world.anonymous.get<unknown>("/products"),
      ada.get<{ orders: Order[] }>("/orders"),
      eve.get<{ orders: Order[] }>("/orders"),
    ]);
    return [reconciliation.body, products.body, ...orders.map(({ body }) => body)];
  }

  function refused(title: string, status: number, code: string, ask: () => Promise<Answer<Problem>>, pointer?: string) {
    test(`${title}: ${status} ${code}`, async () => {
      const before = await everything();
      const { status: answered, headers, body } = await ask();
      assert.deepEqual([answered, body.code], [status, code], JSON.stringify(body));
      assert.match(headers["content-type"] ?? "", /^application\/problem\+json/);
      assert.equal(body.type, `urn:dropgate:problem:${code}`);
      assert.equal(body.status, status);
      assert.ok(body.title && body.detail, JSON.stringify(body));
      assert.doesNotMatch(JSON.stringify(body), /node_modules|\.ts:\d|select |at async/);
      if (pointer !== undefined)
        assert.ok(
          body.errors?.some((fault) => fault.pointer === pointer),
          JSON.stringify(body),
        );
      assert.deepEqual(await everything(), before);
    });
  }

  const send = (bytes: string | undefined, headers: Headers = json) => eve.raw("POST", "/orders", bytes, headers);
  const sendJson = (body: unknown, headers: Headers = json) => send(JSON.stringify(body), headers);

  describe("G4: an order", () => {
    for (const quantity of [0, -1, 1.5, "1", 1_000_000_000, 1_001, null, true, [1], {}, undefined]) {
      const title = `of ${quantity === undefined ? "no" : JSON.stringify(quantity)} units`;
      refused(title, 400, "validation", () => sendJson({ productId: lamp, quantity }), "#/quantity");
    }
    for (const productId of [null, 1, "", "x".repeat(65), ["lamp"], "nul\u0000", "line\nbreak", undefined]) {
      const title = `of the product ${JSON.stringify(productId)}`;
      refused(title, 400, "validation", () => sendJson({ productId, quantity: 1 }), "#/productId");
    }
    for (const productId of ["no-such-product", "__proto__", "constructor", "..", "'; drop table x; --", "\ud800"]) {
      const title = `of the unknown product ${JSON.stringify(productId)}`;
      test(`${title}: no order`, async () => {
        const before = await everything();
        const { status, body } = await sendJson({ productId, quantity: 1 });
        assert.ok(["product_not_found", "validation"].includes(body.code), JSON.stringify(body));
        assert.ok([400, 404].includes(status));
        assert.deepEqual(await everything(), before);
      });
    }
    for (const expectedTotal of [-1, 1.5, "500", null]) {
      const title = `with an expected total of ${JSON.stringify(expectedTotal)}`;
      const ask = () => sendJson({ productId: lamp, quantity: 1, expectedTotal });
      refused(title, 400, "validation", ask, "#/expectedTotal");
    }
    refused("of more than there is", 409, "sold_out", () =>
      world.as("rich").post("/orders", { productId: lamp, quantity: 9 }),
    );
    refused("of more than one may hold", 409, "limit_per_customer", () =>
      eve.post("/orders", { productId: lamp, quantity: 6 }),
    );
    refused("at another price", 409, "price_changed", () =>
      eve.post("/orders", { productId: lamp, quantity: 1, expectedTotal: 499 }),
    );
  });

  describe("a body", () => {
    const body = () => JSON.stringify({ productId: lamp, quantity: 1 });
    refused("that is missing", 400, "validation", () => send(undefined));
    refused("that is empty", 400, "validation", () => send(""));
    refused("that is cut off", 400, "validation", () => send(body().slice(0, -5)));
    for (const text of ["null", "[]", '"text"', "1", "{}", "undefined", "\u0000", "{'productId':1}"]) {
      refused(`that is ${JSON.stringify(text)}`, 400, "validation", () => send(text));
    }
    refused("with an unknown field", 400, "validation", () => sendJson({ productId: lamp, quantity: 1, x: 1 }), "#/x");
    refused("with a price of the buyer's own", 400, "validation", () =>
      sendJson({ productId: lamp, quantity: 1, price: 1 }),
    );
    refused("with __proto__", 400, "validation", () => send(body().replace("{", '{"__proto__": {"quantity": 1},')));
    refused("with constructor.prototype", 400, "validation", () =>
      send(body().replace("{", '{"constructor": {"prototype": {"quantity": 1}},')),
    );
    refused("that is huge", 413, "body_too_large", () =>
      sendJson({ productId: lamp, quantity: 1, x: "x".repeat(200_000) }),
    );
    refused("that is nested ten thousand deep", 400, "validation", () => send("[".repeat(10_000) + "]".repeat(10_000)));
    refused("of no content type", 415, "unsupported_media_type", () => send(body(), {}));
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "text/json", "nonsense"]) {
      refused(`of type ${type}`, 415, "unsupported_media_type", () => send(body(), { "content-type": type }));
    }
  });

  describe("an Idempotency-Key", () => {
    for (const [title, key] of [
      ["that is empty", ""],
      ["that is too long", "k".repeat(256)],
      ["with a blank in it", "two words"],
      ["with a tab in it", "two\twords"],
      ["that is not ASCII", "schlüssel"],
    ] as const) {
      const headers = { ...json, "idempotency-key": key };
      const ask = () => sendJson({ productId: lamp, quantity: 1 }, headers);
      refused(title, 400, "validation", ask, "#/idempotency-key");
    }
  });

  describe("a caller", () => {
    const secret = "a secret for tests that has more than 32 bytes";
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const inAnHour = Math.floor(Date.now() / 1_000) + 3_600;
    const claims = { iss: "dropgate", sub: "eve", roles: ["ADMIN"], exp: inAnHour };
    function token(header: object, body: object, key: string | undefined): string {
      const input = `${part(header)}.${part(body)}`;
      return `${input}.${key === undefined ? "" : createHmac("sha256", key).update(input).digest("base64url")}`;
    }
    const hs256 = { alg: "HS256", typ: "JWT" };
    for (const [title, bearer] of [
      ["with a malformed token", "nonsense"],
      ["with a token signed with another secret", token(hs256, claims, "another secret of more than thirty-two bytes")],
      ["with a token of alg none", token({ alg: "none", typ: "JWT" }, claims, undefined)],
      ["with a token that has expired", token(hs256, { ...claims, exp: inAnHour - 7_200 }, secret)],
      ["with a token of another issuer", token(hs256, { ...claims, iss: "else" }, secret)],
    ] as const) {
      const headers = { ...json, authorization: `Bearer ${bearer}`, "x-user-id": "eve" };
      refused(title, 401, "unauthenticated", () =>
        world.anonymous.raw("POST", "/orders", JSON.stringify({ productId: lamp, quantity: 1 }), headers),
      );
      refused(`${title}, as an admin`, 401, "unauthenticated", () =>
        world.anonymous.raw("PUT", "/admin/gatekeeper", '{"mode": "closed"}', headers),
      );
    }
    refused("without a name", 401, "unauthenticated", () =>
      world.anonymous.post("/orders", { productId: lamp, quantity: 1 }),
    );
    for (const name of ["", "two\twords", "x".repeat(256), "eve, ada"]) {
      refused(`named ${JSON.stringify(name.slice(0, 20))} without a token`, 400, "validation", () =>
        world.anonymous.post("/orders", { productId: lamp, quantity: 1 }, { "x-user-id": name }),
      );
    }
    refused("who calls itself admin in X-User-Id", 403, "forbidden", () =>
      world.anonymous.put("/admin/gatekeeper", { mode: "closed" }, { "x-user-id": "admin", "x-role": "ADMIN" }),
    );
    refused("who is a customer at an admin's route", 403, "forbidden", () =>
      eve.post("/admin/sync-redis?mode=rebuild"),
    );
    refused("who works in the warehouse at an admin's route", 403, "forbidden", () =>
      world.as("wendy", "WAREHOUSE").patch(`/products/${lamp}`, { price: 1 }),
    );
  });

  describe("A1: another person's order", () => {
    refused("read", 404, "order_not_found", () => eve.get(`/orders/${order}`));
    refused("cancelled", 404, "order_not_found", () => eve.post(`/orders/${order}/cancel`));
    refused("paid", 404, "order_not_found", () => eve.post(`/orders/${order}/payment`, goodCard));
    refused("watched", 404, "order_not_found", () => eve.get(`/orders/${order}/events`));
    refused("cancelled by the warehouse", 404, "order_not_found", () =>
      world.as("wendy", "WAREHOUSE").post(`/orders/${order}/cancel`),
    );
  });

  describe("an order id", () => {
    const malformed = ["nonsense", noOrder, "1", "..", "%00", "%2e%2e%2fadmin", "x".repeat(200), "%F0%9F%92%A9"];
    for (const id of malformed) {
      for (const [method, path, body] of [
        ["GET", `/orders/${id}`],
        ["GET", `/orders/${id}/events`],
        ["POST", `/orders/${id}/cancel`],
        ["POST", `/orders/${id}/payment`, JSON.stringify(goodCard)],
      ] as const) {
        test(`${method} ${path.slice(0, 60)} finds nothing`, async () => {
          const before = await everything();
          const { status, body: answer } = await ada.raw(method, path, body, body ? json : {});
          assert.equal(status, 404, JSON.stringify(answer));
          assert.ok(["order_not_found", "not_found"].includes(answer.code));
          assert.deepEqual(await everything(), before);
        });
      }
    }
    test("in capitals finds nothing or the same order", async () => {
      const { status } = await ada.get(`/orders/${order.toUpperCase()}`);
      assert.ok(status === 404 || status === 200, String(status));
    });
    refused("that is no UTF-8", 400, "validation", () => ada.get("/orders/%C3%28"));
  });

  describe("a page of orders", () => {
    const cursor = (text: string) => Buffer.from(text).toString("base64url");
    for (const given of [
      "x",
      cursor("nonsense"),
      cursor(`never ${noOrder}`),
      cursor(`1 ${noOrder.slice(1)}`),
      cursor(`1 '; drop table orders.orders; --`),
      cursor(`-8640000000000000 ${noOrder}`),
      cursor(`8640000000000000 ${noOrder}`),
      cursor(`1e400 ${noOrder}`),
      cursor("\u0000"),
    ]) {
      const title = `behind the cursor ${JSON.stringify(Buffer.from(given, "base64url").toString())}`;
      refused(title, 400, "validation", () => ada.get(`/orders?cursor=${given}`));
    }
    for (const query of ["limit=0", "limit=101", "limit=-1", "limit=1.5", "limit=all", "limit=", "cursor=", "page=2"]) {
      refused(`by ?${query}`, 400, "validation", () => ada.get(`/orders?${query}`));
    }
  });

  describe("a payment", () => {
    const pay = (body: unknown) => ada.post(`/orders/${order}/payment`, body);
    refused("with a token, where the provider takes cards", 400, "token_not_taken", () =>
      pay({ paymentMethod: "pm_card_visa" }),
    );
    for (const cardNumber of [
      undefined,
      null,
      "",
      4_242_424_242_424_242,
      "4242",
      "4".repeat(20),
      "4242 4242 abcd 4242",
    ]) {
      const title = `with the card ${JSON.stringify(cardNumber)}`;
      refused(title, 400, "validation", () => pay({ cardNumber }), "#/cardNumber");
    }
    refused("of an amount of one's own", 400, "validation", () => pay({ ...goodCard, amount: 1 }), "#/amount");
  });

  describe("stock", () => {
    const restock = (body: unknown, headers: Headers = {}) =>
      world.admin.post(`/inventory/${lamp}/restock`, body, headers);
    for (const quantity of [0, -1, 1.5, "1", 1_000_000_001, null, undefined]) {
      const title = `brought in by ${JSON.stringify(quantity)}`;
      refused(title, 400, "validation", () => restock({ quantity, reason: "x" }), "#/quantity");
    }
    for (const reason of [undefined, "", "x".repeat(501), 1, "nul\u0000"]) {
      const title = `brought in for the reason ${JSON.stringify(reason)?.slice(0, 20)}`;
      refused(title, 400, "validation", () => restock({ quantity: 1, reason }), "#/reason");
    }
    refused("brought in under a malformed key", 400, "validation", () =>
      restock({ quantity: 1, reason: "x" }, { "idempotency-key": "two words" }),
    );
    for (const delta of [0, 1.5, -1_000_000_001, "1", null]) {
      refused(`corrected by ${JSON.stringify(delta)}`, 400, "validation", () =>
        world.admin.post(`/inventory/${lamp}/adjust`, { delta, reason: "x" }),
      );
    }
    refused("of which more is taken out than is free", 409, "not_enough_stock", () =>
      world.admin.post(`/inventory/${lamp}/adjust`, { delta: -9, reason: "x" }),
    );
    for (const productId of ["no-such-product", "%00", "__proto__"]) {
      for (const [action, body] of [
        ["restock", { quantity: 1, reason: "x" }],
        ["adjust", { delta: 1, reason: "x" }],
      ] as const) {
        test(`of the unknown product ${productId} cannot be changed by ${action}`, async () => {
          const before = await everything();
          const { status, body: answer } = await world.admin.post(`/inventory/${productId}/${action}`, body);
          assert.ok(status === 404 || status === 400, JSON.stringify(answer));
          assert.deepEqual(await everything(), before);
        });
      }
      test(`of the unknown product ${productId} is not found`, async () => {
        const { status, body } = await world.admin.get(`/inventory/${productId}`);
        assert.ok(status === 404 || status === 400, JSON.stringify(body));
      });
    }
  });

  describe("an admin", () => {
    for (const mode of ["open", "", null, 1, undefined]) {
      refused(`switches to ${JSON.stringify(mode)}`, 400, "validation", () =>
        world.admin.put("/admin/gatekeeper", { mode }),
      );
    }
    refused("syncs in an unknown mode", 400, "validation", () => world.admin.post("/admin/sync-redis?mode=hard"));
    for (const price of [-1, 1.5, "1", null, 1e300]) {
      refused(`sets a price of ${JSON.stringify(price)}`, 400, "validation", () =>
        world.admin.patch(`/products/${lamp}`, { price }),
      );
    }
    refused("changes the currency without a price", 400, "validation", () =>
      world.admin.patch(`/products/${lamp}`, { currency: "USD" }),
    );
    refused("makes a product twice", 409, "product_exists", () =>
      world.admin.post("/products", { productId: lamp, name: "Lamp", price: 1, currency: "EUR" }),
    );
  });

  describe("an address", () => {
    refused("that does not exist", 404, "not_found", () => eve.get("/nowhere"));
    refused("that does not know the method", 405, "method_not_allowed", () => eve.raw("DELETE", "/orders", undefined));
    refused("with headers of 20 KB", 431, "headers_too_large", () =>
      eve.get("/orders", { "x-long": "x".repeat(20_000) }),
    );
  });
});
