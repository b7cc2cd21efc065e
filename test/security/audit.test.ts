/** What people with a role do by HTTP leaves an intent and an outcome, at each route of the document that only they pass. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { openWorld, type World } from "../support/world.ts";
import { type Document, nameOf, type Operation, operationsOf } from "./hostile-requests.ts";

type Schema = {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  examples?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
};
type Row = {
  seq: number;
  actor: string;
  action: string;
  subject: string;
  phase: string;
  outcome?: string;
  intentSeq: number | null;
  detail: { body?: Record<string, unknown>; reason?: string };
};

/** A body that passes the schema: its own example, or one of each field that it asks for, and of one if it asks for none. */
function exampleOf({ examples, enum: values, const: only, type, properties, required, items }: Schema): unknown {
  if (examples?.[0] !== undefined) return examples[0];
  if (only !== undefined) return only;
  if (values) return values[0];
  if (type === "object" && properties) {
    const names = required ?? Object.keys(properties).slice(0, 1);
    return Object.fromEntries(names.map((name) => [name, exampleOf(properties[name] ?? {})]));
  }
  if (type === "array") return items ? [exampleOf(items)] : [];
  return { boolean: true, integer: 1, string: "why" }[type ?? "string"];
}

describe("the audit", () => {
  let world: World;
  let staffOnly: (Operation & { operationId: string })[];
  before(async () => {
    world = await openWorld();
    const { body } = await world.anonymous.get<Document>("/openapi.json");
    staffOnly = operationsOf(body).filter(
      ({ method, security }) =>
        method !== "GET" && security && !security.some(({ bearer }) => bearer?.includes("CUSTOMER")),
    ) as typeof staffOnly;
  });
  after(() => world.close());

  async function rows(query = ""): Promise<Row[]> {
    const { status, body } = await world.admin.get<{ items: Row[] }>(`/admin/audit?limit=200${query}`);
    assert.equal(status, 200);
    return body.items;
  }

  test("has an intent with its outcome of every act, at each route that only ADMIN or WAREHOUSE pass", async () => {
    assert.ok(staffOnly.length > 20);
    for (const operation of staffOnly) {
      const named = Object.fromEntries((operation.parameters ?? []).map(({ name, example }) => [name, example]));
      const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name) => String(named[name]));
      const [[type, { schema, example }] = ["", {}] as const] = Object.entries(operation.requestBody?.content ?? {});
      const given = schema && (example ?? exampleOf(schema as Schema));
      const body = typeof given === "object" ? JSON.stringify(given) : (given as string | undefined);
      const typed = body === undefined ? {} : { "content-type": type };
      const [last] = await rows();
      const answer = await world.admin.raw(operation.method, path, body, typed);
      const at = `${nameOf(operation)} ${body} → ${answer.status} ${JSON.stringify(answer.body)}`;
      assert.notEqual(answer.body.code, "validation", at);
      const [ended, intent, before] = await rows();
      assert.equal(before?.seq, last?.seq, at);
      assert.deepEqual([intent?.phase, ended?.intentSeq, intent?.actor], ["intent", intent?.seq, "admin"], at);
      const outcome = answer.status < 400 ? "done" : "refused";
      assert.deepEqual([ended?.phase, intent?.outcome], [outcome, outcome], at);
      if (operation.operationId !== "changeUser") {
        assert.equal(intent?.action, operation.operationId);
        assert.equal(ended?.detail.reason, answer.status < 400 ? undefined : answer.body.code, at);
      }
    }
    const { body } = await world.admin.get<{ chain: { brokenAt: number | null } }>("/admin/audit?verify=true&limit=1");
    assert.equal(body.chain.brokenAt, null);
  });

  test("has an ADMIN who cancels a buyer's order, and no order that is placed, nor what buyers do themselves", async () => {
    const productId = await world.newProduct({ stock: 5 });
    const ada = world.as("ada");
    const [last] = await rows();
    const one = await world.place(ada, productId);
    const two = await world.place(ada, productId);
    await world.place(world.admin, productId);
    for (const { orderId } of [one, two]) await world.untilStatus(ada, orderId, "PAYMENT_PENDING");
    assert.equal((await ada.post(`/orders/${one.orderId}/cancel`)).status, 202);
    assert.deepEqual((await rows())[0]?.seq, last?.seq);
    assert.equal((await world.admin.post(`/orders/${two.orderId}/cancel`)).status, 202);
    const found = await rows(`&subject=${two.orderId}&actor=admin&action=cancelOrder&phase=intent`);
    assert.deepEqual(
      found.map(({ outcome }) => outcome),
      ["done"],
    );
  });

  test("has what was asked for, and no request that its role or its form kept from being an act", async () => {
    const productId = await world.newProduct({ stock: 0 });
    const [last] = await rows();
    const wendy = world.as("wendy", "WAREHOUSE");
    assert.equal((await wendy.post("/products", { name: "x", price: 1, currency: "EUR" })).status, 403);
    assert.equal((await wendy.post(`/inventory/${productId}/restock`, { quantity: -1, reason: "no" })).status, 400);
    assert.equal((await rows())[0]?.seq, last?.seq);
    assert.equal((await wendy.post(`/inventory/${productId}/restock`, { quantity: 3, reason: "truck" })).status, 200);
    const [found] = await rows(`&subject=${productId}&actor=wendy&phase=intent`);
    assert.deepEqual(found?.detail.body, { quantity: 3, reason: "truck" });
  });

  test("keeps an act from being done if its intent cannot be recorded", async () => {
    const productId = await world.newProduct({ stock: 0 });
    const sql = world.system.faces.engines.sql("identity", 1);
    await sql.query("alter table identity.audit rename to lent");
    const answer = await world.admin.post(`/inventory/${productId}/restock`, { quantity: 3, reason: "truck" });
    await sql.query("alter table identity.lent rename to audit");
    assert.ok(answer.status >= 500, String(answer.status));
    assert.equal((await world.admin.get<{ onHand: number }>(`/inventory/${productId}`)).body.onHand, 0);
  });
});
