import assert from "node:assert/strict";
import { test } from "node:test";
import { csvOf, filterOf } from "../../web/console/order-query.ts";

test("days of a search go to the shop as moments, and what is no day goes as it was written", () => {
  const { from, to } = filterOf({ from: "2026-11-27", to: "2026-11-27" });
  assert.equal(Date.parse(String(to)) - Date.parse(String(from)), 24 * 60 * 60_000);
  assert.deepEqual(filterOf({ from: "yesterday", productId: "lamp" }), { from: "yesterday", productId: "lamp" });
  assert.equal(csvOf({ to: "2026-13-01" }), "/admin/orders.csv?to=2026-13-01");
});
