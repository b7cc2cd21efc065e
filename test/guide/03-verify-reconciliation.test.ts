import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Reconciliation } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { accepted, allBuy, assertAccountsFor, keepBuying, tally } from "../support/shoppers.ts";
import { openWorld, type World } from "../support/world.ts";

/** The pause between two reports, so that their reader does not take the time that orders need. */
const pauseMs = 5;

describe("3. verify reconciliation", () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  const reconcile = async () => (await world.admin.get<Reconciliation>("/admin/reconcile")).body;

  /** Repeats the request until the work is done, and returns every report; all must be OK. */
  async function watch<T>(work: Promise<T>): Promise<{ result: T; samples: Reconciliation[] }> {
    const samples: Reconciliation[] = [];
    let done = false;
    const result = work.finally(() => {
      done = true;
    });
    for (; !done; await sleep(pauseMs)) samples.push(await reconcile());
    samples.push(await reconcile());
    for (const { status, products } of samples) {
      const wrong = products.filter((product) => product.status !== "OK" || product.drift !== 0);
      assert.deepEqual(wrong, [], "a sample is not OK");
      assert.equal(status, "OK");
    }
    return { result: await result, samples };
  }

  test("a product without orders shows its stock, OK", async () => {
    const productId = await world.newProduct({ stock: 8 });
    const { status, mode, products } = await reconcile();
    assert.equal(status, "OK");
    assert.equal(mode, "gatekeeper");
    const { explanation, ...report } = products.find((product) => product.productId === productId) ?? assert.fail();
    const figures = { onHand: 8, held: 0, sold: 0, inFlight: 0, gate: 8, drift: 0 };
    assert.deepEqual(report, { productId, status: "OK", ...figures });
    assert.match(explanation, /8 to sell/);
  });

  test("with findings, it answers a word with figures and a remedy for each product", async () => {
    const productId = await world.newProduct({ stock: 8 });
    const { body } = await world.admin.get<Reconciliation>("/admin/reconcile?findings=true");
    const report = body.products.find((product) => product.productId === productId) ?? assert.fail();
    assert.deepEqual(report.finding, { kind: "agree", sellable: 8, inFlight: 0, expected: 8, applied: 1 });
    assert.equal(report.remedy, "none");
  });

  test("B1: a thousand buyers of 300 units make 300 orders, and every report meanwhile is OK", async () => {
    const productId = await world.newProduct({ stock: 300 });
    const { result: answers, samples } = await watch(allBuy(world, productId, 1_000));
    assert.deepEqual(tally(answers), { accepted: 300, sold_out: 700 });
    assert.equal(new Set(accepted(answers).map(({ body }) => body.orderId)).size, 300);
    assert.ok(samples.length >= 3, `only ${samples.length} reports were read meanwhile`);
    const { held, available, gate } = await assertAccountsFor(world, productId, answers);
    assert.deepEqual({ held, available, gate }, { held: 300, available: 0, gate: 0 });
  });

  test("B1: reports stay OK during orders, payments, cancels and restocks", async () => {
    const productId = await world.newProduct({ stock: 20 });
    const buying = keepBuying(world, productId);
    const work = (async () => {
      const seen = new Set<string>();
      for (let turn = 0; turn < 15; turn += 1) {
        const next = await eventually(() => accepted(buying.soFar).find(({ body }) => !seen.has(body.orderId)));
        seen.add(next.body.orderId);
        const { buyer, body } = next;
        // 503 means that the order is still on its way to the books: repeat the request.
        const insist = (path: string, sent?: unknown) =>
          eventually(async () => (await buyer.post(`${body.statusUrl}/${path}`, sent)).status === 202);
        if (turn % 3 === 0) await insist("payment", { cardNumber: "4242424242424242" });
        if (turn % 3 === 1) await insist("cancel");
        if (turn % 3 === 2) {
          const more = await world.admin.post(`/inventory/${productId}/restock`, { quantity: 2, reason: "more" });
          assert.equal(more.status, 200);
        }
      }
      return buying.stop();
    })();
    const { result: answers } = await watch(work);
    await eventually(async () => (await world.reportOf(productId)).sold === 5);
    const stock = await world.untilAtRest(productId);
    const orders = accepted(answers).length;
    assert.equal(stock.held + stock.sold, orders - 5);
    assert.equal(stock.available + stock.held + stock.sold, 30);
  });
});
