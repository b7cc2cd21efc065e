import assert from "node:assert/strict";
import { test } from "node:test";
import { remedies } from "#wire/inventory";
import type { Ask } from "./ask.ts";
import { planOf, repair } from "./repair.ts";

const report = "GET /admin/reconcile?findings=true";
const fine = {
  productId: "chair",
  status: "OK",
  remedy: "none",
  drift: 0,
  gate: 3,
  explanation: "3 to sell + 0 in flight = 3",
};
const drifted = {
  productId: "lamp",
  status: "WARNING",
  remedy: "sync_redis",
  drift: 2,
  gate: 9,
  explanation: "the gate has 9, the books have 7: run sync-redis",
};
const broken = {
  productId: "sofa",
  status: "CRITICAL",
  remedy: "by_hand",
  drift: 0,
  gate: 1,
  explanation: "8 units came in, the entries add up to 5",
};

/** A running system with the answers that these tests need. */
function system(...products: { productId: string; status: string }[]) {
  const asked: string[] = [];
  let present = products;
  const ask: Ask = async (method, path) => {
    asked.push(`${method} ${path}`);
    if (method === "POST")
      present = present.map((one) => (one.productId === "lamp" ? { ...one, status: "OK", remedy: "none" } : one));
    const status = present.every((one) => one.status === "OK") ? "OK" : "WARNING";
    return { status, products: method === "GET" ? present : [{ productId: "lamp", action: "rebuilt" }] };
  };
  return { ask, asked };
}

test("the plan is shown first, and nothing is changed without --yes", async () => {
  const { ask, asked } = system(fine, drifted);
  const lines: string[] = [];
  assert.equal(await repair(ask, false, (line) => lines.push(line)), false);
  assert.deepEqual(asked, [report]);
  assert.match(lines.join("\n"), /^load lamp anew from the books \(the gate has 9, 2 too many\): the gate has 9/);
  assert.match(lines.join("\n"), /Nothing was changed.*--yes$/);
  assert.doesNotMatch(lines.join("\n"), /chair/);
});

test("with --yes it carries the plan out and reconciles again", async () => {
  const { ask, asked } = system(fine, drifted);
  const lines: string[] = [];
  assert.equal(await repair(ask, true, (line) => lines.push(line)), true);
  assert.deepEqual(asked, [report, "POST /admin/sync-redis", report]);
  assert.match(lines.join("\n"), /lamp: rebuilt\n\nreconcile: WARNING before, OK now$/);
});

test("books that contradict themselves are reported and left to an operator", async () => {
  const { ask, asked } = system(broken);
  const lines: string[] = [];
  assert.equal(await repair(ask, true, (line) => lines.push(line)), false);
  assert.deepEqual(asked, [report]);
  assert.match(lines.join("\n"), /^BY HAND sofa: /);
});

test("if no product has a finding, there is nothing to do", async () => {
  const { ask } = system(fine);
  const lines: string[] = [];
  assert.equal(await repair(ask, true, (line) => lines.push(line)), true);
  assert.deepEqual(lines, ["Nothing has to be repaired."]);
});

test("a plan follows only the remedy, never the text of an explanation", () => {
  const says = "8 units came in, a reservation is undecided since 20 s";
  const products = remedies.map((remedy) => ({ productId: remedy, remedy, drift: 0, gate: 0, explanation: says }));
  const { rebuild, byHand } = planOf(products);
  assert.deepEqual(
    rebuild.map((product) => product.productId),
    ["sync_redis"],
  );
  assert.deepEqual(
    byHand.map((product) => product.productId),
    ["by_hand"],
  );
});
