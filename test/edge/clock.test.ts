/** Tests that set the clock while the system runs. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { randomHex, randomId, uuidV8 } from "#platform/ids";
import { openSale } from "../../src/inventory/gate/image.testing.ts";
import { eventually } from "../support/eventually.ts";
import { cancelOrder, payOrder } from "../support/pay.ts";
import { openWorld, type World } from "../support/world.ts";

/** How far the clock of this whole process, the system included, is set forward or back, milliseconds. */
let setByMs = 0;
const dateNow = Date.now;

describe("a clock that is set back", () => {
  let world: World;
  const lines: string[] = [];
  before(async () => {
    Date.now = () => dateNow() + setByMs;
    world = await openWorld({ onLog: (line) => void lines.push(line) });
  });
  after(async () => {
    await world?.close();
    Date.now = dateNow;
  });

  test("O28: orders are accepted again as soon as the log works, although the clock was set back while it failed", async () => {
    const productId = await world.newProduct({ stock: 5 });
    await world.faults.loseLog();
    assert.equal((await world.as("ada").post("/orders", { productId, quantity: 1 })).status, 503);
    setByMs -= 120_000;
    await world.faults.restoreLog();
    // Far less than the two minutes that the clock would need to catch up.
    await eventually(async () => (await world.as("bob").post("/orders", { productId, quantity: 1 })).status === 202);
    await world.untilAtRest(productId);
  });

  test("O28: a buyer's deadline does not move with this machine's clock", async () => {
    const productId = await world.newProduct({ stock: 5 });
    const [ada, bob] = [world.as("ada"), world.as("bob")];
    const earlier = await world.place(ada, productId);
    // Its run would reach its deadline too, and the log keeps only the first lines of many alike.
    assert.equal((await cancelOrder(ada, earlier.orderId)).status, 202);
    await world.untilStatus(ada, earlier.orderId, "CANCELLED");
    // Longer than the time to pay, and shorter than tokens last.
    setByMs += 1_800_000;
    const { orderId, payBy } = await world.place(bob, productId);
    const apartMs = Date.parse(payBy) - Date.parse(earlier.payBy);
    assert.ok(apartMs >= 0 && apartMs < 60_000, `${apartMs} ms apart`);
    // By this machine's clock its deadline is long past. The look that ends a later order with less time leaves it.
    const sale = { ...openSale, holdMs: 1_000 };
    const short = await world.newProduct({ stock: 1 });
    assert.ok((await world.system.faces.inventory.books.products.setSale(short, sale, 0)).ok);
    const { orderId: unpaid } = await world.place(ada, short);
    await world.untilStatus(ada, unpaid, "FAILED");
    await payOrder(bob, orderId, { cardNumber: "4242 4242 4242 4242" });
    const { timeline } = await world.untilStatus(bob, orderId, "CONFIRMED");
    assert.ok(
      timeline.every(({ status }) => status !== "FAILED"),
      JSON.stringify(timeline),
    );
  });

  test("O28: units that were taken before the clock was set back are decided without waiting for it", async () => {
    const productId = await world.newProduct({ stock: 5 });
    const { gate } = world.system.faces.inventory;
    const nowMs = world.system.faces.now() + 600_000;
    // Like records of a process that took them ten minutes from now, and died.
    const [taken] = await gate.reserve([
      {
        productId,
        orderId: uuidV8(randomId(6), randomId(10)),
        userId: randomHex(4),
        quantity: 2,
        bodyHash: "",
        expectedTotalMinor: null,
        newIn: null,
        withdrawal: false,
        ignoresSale: false,
        nowMs,
        payByMs: nowMs + 60_000,
      },
    ]);
    assert.equal(taken?.kind, "reserved");
    const { status, explanation } = await world.reportOf(productId);
    if (status !== "OK") assert.match(explanation, /in the future: a clock was set back/);
    const { gate: units } = await world.untilAtRest(productId);
    assert.equal(units, 5);
  });
});
