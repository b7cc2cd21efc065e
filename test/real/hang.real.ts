/**
 * An order process that is stopped but not dead, behind the gateway, on the real servers; and its answers after it
 * wakes.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, describe, test } from "node:test";
import type { Order, PlacedOrder, Problem } from "../support/client.ts";
import { createClient, crowd } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { type Fleet, openFleet, tellOutput } from "../support/fleet.ts";
import {
  accepted,
  assertAccountsFor,
  keepBuying,
  type OrderAnswer,
  tally,
  untilMoreAccepted,
} from "../support/shoppers.ts";
import { until } from "../support/until.ts";

const members = {
  rest: "product,settlement,inventory,payment,fulfilment",
  order1: "order",
  order2: "order",
};

describe("an order process that hangs", { timeout: 900_000 }, () => {
  let fleet: Fleet;
  before(async () => {
    fleet = await openFleet({ members });
  });
  afterEach((context) => tellOutput(fleet, [...Object.keys(members), "gateway"])(context));
  after(() => fleet?.close());

  /** Orders sent directly to one process, not through the gateway, so that the test gets its answers after it wakes. */
  function orderAt(member: string, productId: string, count: number): Promise<OrderAnswer>[] {
    return Array.from({ length: count }, async (_, i) => {
      const authorization = `Bearer ${fleet.token(`sleeper-${productId}-${i}`, "CUSTOMER")}`;
      const buyer = createClient(() => fleet.member(member).origin, { authorization }, crowd);
      return { buyer, ...(await buyer.post<PlacedOrder & Problem>("/orders", { productId, quantity: 1 })) };
    });
  }

  /** Every order that was answered 202 is in the books, once nothing of the product is under way. */
  async function assertKept(productId: string, answers: readonly OrderAnswer[]): Promise<void> {
    await untilDecided(productId);
    await assertStand(answers);
    await assertAccountsFor(fleet, productId, answers);
  }

  async function untilDecided(productId: string): Promise<void> {
    await until(async () => (await fleet.reportOf(productId)).inFlight === 0, { withinMs: 60_000, everyMs: 200 });
  }

  async function assertStand(answers: readonly OrderAnswer[]): Promise<void> {
    const look = async ({ buyer, body }: OrderAnswer) => {
      const { status } = (await buyer.get<Order>(`/orders/${body.orderId}`)).body;
      assert.ok(status === "INVENTORY_RESERVED" || status === "PAYMENT_PENDING", `${body.orderId} is ${status}`);
    };
    await Promise.all(accepted(answers).map(look));
  }

  test("O35: its buyers are answered, the others use the other process, and it takes orders again when it wakes", async (t) => {
    const productId = await fleet.newProduct({ stock: 5_000 });
    const buying = keepBuying(fleet, productId, 8);
    await untilMoreAccepted(buying.soFar, 50);
    fleet.member("order1").signal("SIGSTOP");
    const then = accepted(buying.soFar).length;
    // All eight soon hang there; they go on only if each of them is answered.
    await until(() => accepted(buying.soFar).length >= then + 400, { withinMs: 60_000 });
    const hung = tally(buying.soFar);
    fleet.member("order1").signal("SIGCONT");
    await eventually(() => /process is back/.test(fleet.member("gateway").output));
    const awake = accepted(buying.soFar).length;
    await eventually(() => accepted(buying.soFar).length >= awake + 100);
    const answers = await buying.stop();
    t.diagnostic(`while it hung: ${JSON.stringify(hung)}; at the end: ${JSON.stringify(tally(answers))}`);
    assert.ok((hung.answer_late ?? 0) >= 1);
    // Appends that timed out while it was stopped count as failed: until one succeeds it refuses most orders, for 250 ms.
    const refusals = Object.keys(tally(answers)).filter((code) => code !== "accepted" && code !== "order_failed");
    assert.deepEqual(refusals, ["answer_late"]);
    const late = answers.filter(({ body }) => body.code === "answer_late");
    for (const { body } of late) assert.match(body.detail, /same Idempotency-Key/);
    await untilDecided(productId);
    await assertStand(answers);
    const { held } = await fleet.untilAtRest(productId);
    // An order that was answered 504 was placed or not, as the answer says; one that failed holds nothing.
    assert.ok(held >= accepted(answers).length && held <= accepted(answers).length + late.length, String(held));
  });

  /**
   * Stops it during orders, one of which the gate has just marked as accepted: a moment that a signal from the test may
   * miss. Makes a change that it cannot know of, wakes it, and returns its answers.
   */
  async function asleepWhile(productId: string, work: () => Promise<void>): Promise<OrderAnswer[]> {
    const sleeper = fleet.member("order1");
    await sleeper.stop();
    await sleeper.start({ FP: "place.marked:stop@100" });
    const early: OrderAnswer[] = [];
    await eventually(async () => {
      early.push(...(await Promise.all(orderAt("order1", productId, 1))));
      return accepted(early).length > 0;
    });
    const orders = orderAt("order1", productId, 400);
    try {
      await eventually(() => isStopped(sleeper.pid));
      const sinceMs = performance.now();
      await work();
      // Longer than it may rely on the mode that it read last: see `trustForMs` in src/inventory/agreement/mode.ts.
      await until(() => performance.now() - sinceMs > 4_000);
    } finally {
      sleeper.signal("SIGCONT");
    }
    return [...early, ...(await Promise.all(orders))];
  }

  /** The state letter after the program's name, which is in brackets. */
  async function isStopped(pid: number): Promise<boolean> {
    return /^.*\) T /s.test(await readFile(`/proc/${pid}/stat`, "utf8"));
  }

  async function switchTo(mode: string): Promise<void> {
    const { status, body } = await fleet.admin.put("/admin/gatekeeper", { mode });
    assert.equal(status, 200, JSON.stringify(body));
  }

  for (const [what, change, restore] of [
    ["a switch to sync", () => switchTo("sync"), () => switchTo("gatekeeper")],
    ["a switch there and back", () => switchTo("sync").then(() => switchTo("gatekeeper")), async () => {}],
    [
      "a rebuild",
      async () => assert.equal((await fleet.admin.post("/admin/sync-redis?mode=rebuild")).status, 200),
      async () => {},
    ],
  ] as const) {
    test(`O35: orders that it began before ${what} that it slept through are not promised from stale state`, async (t) => {
      const productId = await fleet.newProduct({ stock: 2_000 });
      // The next test sells through the gate, whatever the result of this one.
      const answers = await asleepWhile(productId, change).finally(restore);
      t.diagnostic(JSON.stringify(tally(answers)));
      assert.ok(
        (tally(answers).outcome_pending ?? 0) > 0,
        "orders that were marked when it fell asleep are asked about again",
      );
      await assertKept(productId, answers);
      await eventually(async () => tally(await Promise.all(orderAt("order1", productId, 1))).accepted === 1);
    });
  }
});
