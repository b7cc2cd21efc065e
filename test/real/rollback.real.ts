/** The guide's rollback chapter on real servers that are killed, frozen, and cut off. */

import assert from "node:assert/strict";
import { loadavg } from "node:os";
import { after, afterEach, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Answer, Order, PlacedOrder, Problem, Stock } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { type Fleet, openFleet, tellOutput } from "../support/fleet.ts";
import { payOrder } from "../support/pay.ts";
import { randomFrom } from "../support/random.ts";
import {
  accepted,
  allBuy,
  assertAccountsFor,
  keepBuying,
  type OrderAnswer,
  tally,
  untilMoreAccepted,
} from "../support/shoppers.ts";
import { isKafkaProduce, openTcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";
import { until } from "../support/until.ts";

const goodCard = { cardNumber: "4242424242424242" };
const members = {
  inventory: "product,inventory,drop",
  settlement: "settlement",
  order1: "order",
  order2: "order",
  rest: "payment,fulfilment",
};
/** The order is on its way to the books, or is not known to be. */
const unsure = ["outcome_pending", "order_failed", "price_not_available", "closed"];
/** Nothing may hang: this is far above every limit of an order, on a busy machine too. */
const hangMs = 60_000;

type SwitchView = { mode: string; ready: boolean } & Problem;

describe("rollback on real servers", { timeout: 1_200_000 }, () => {
  let fleet: Fleet;
  let proxy: TcpProxy;
  before(async () => {
    fleet = await openFleet({
      members,
      async reroute({ kafka }) {
        const [host = "", port] = kafka.bootstrap.split(":");
        proxy = await openTcpProxy({ host, port: Number(port) }, { kafka: true });
        return { KAFKA_BOOTSTRAP: `${proxy.host}:${proxy.port}` };
      },
    });
  });
  afterEach((context) => tellOutput(fleet, [...Object.keys(members), "gateway"])(context));
  after(async () => {
    await fleet?.close();
    await proxy?.close();
  });

  const switchTo = (mode: string) => fleet.admin.put<SwitchView>("/admin/gatekeeper", { mode });
  async function switched(mode: string): Promise<void> {
    const { status, body } = await switchTo(mode);
    assert.deepEqual([status, body.mode, body.ready], [200, mode, true], JSON.stringify(body));
  }
  const order = (productId: string, headers = {}) =>
    fleet.as("ada").post<PlacedOrder & Problem>("/orders", { productId, quantity: 1 }, headers);
  const untilAccepted = (productId: string) =>
    eventually(async () => {
      const answer = await order(productId);
      return answer.status === 202 && answer;
    });
  /** Buys until every order is answered with this status: round-robin, so both order processes are asked. */
  const untilAnswered = (productId: string, status: string) =>
    eventually(async () => {
      const answers = [await order(productId), await order(productId)];
      return answers.every(({ body }) => (body.code ?? body.status) === status);
    });

  /** Each process sees the switch within a second, and a test begins when all have. */
  async function everyProcessFollows(): Promise<void> {
    await untilAnswered(await fleet.newProduct({ stock: 1_000 }), "PENDING");
  }

  function assertOnly(answers: readonly Answer<Problem>[], allowed: readonly string[]): void {
    const others = Object.keys(tally(answers)).filter((code) => code !== "accepted" && !allowed.includes(code));
    assert.deepEqual(others, [], JSON.stringify(tally(answers)));
  }

  /** So many buyers without a pause, with how long each answer took; a request that hangs fails the test. */
  function keepAsking(productId: string, atOnce: number) {
    const seen: { code: string; ms: number }[] = [];
    const answers: OrderAnswer[] = [];
    let stopped = false;
    async function askOn(): Promise<void> {
      while (!stopped) {
        const begun = performance.now();
        const [answer] = (await allBuy(fleet, productId, 1)) as [OrderAnswer];
        const ms = performance.now() - begun;
        assert.ok(ms < hangMs, `an answer took ${ms} ms: ${JSON.stringify(answer.body)}`);
        answers.push(answer);
        seen.push({ code: answer.status === 202 ? "accepted" : answer.body.code, ms });
        await sleep(40);
      }
    }
    const all = Promise.all(Array.from({ length: atOnce }, askOn));
    all.catch(() => {});
    return {
      answers,
      async stop() {
        stopped = true;
        await all;
        return answers;
      },
      latencies(code: string): string {
        const answered = seen.filter((one) => one.code === code).map((one) => one.ms);
        const times = answered.toSorted((a, b) => a - b);
        const at = (share: number) => times[Math.floor(share * (times.length - 1))]?.toFixed(1);
        const load = loadavg()[0]?.toFixed(1);
        return `load ${load}, ${times.length} × ${code}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms`;
      },
    };
  }

  describe("option 1: the switch", () => {
    test("goes to sync and back during orders; every promise is kept", async (t) => {
      const productId = await fleet.newProduct({ stock: 20_000 });
      const buying = keepBuying(fleet, productId, 8);
      const someMore = async () => {
        const soFar = accepted(buying.soFar).length;
        await eventually(() => accepted(buying.soFar).length >= soFar + 30);
      };
      await someMore();
      await switched("sync");
      await someMore();
      await switched("closed");
      await eventually(() => tally(buying.soFar).closed);
      await switched("gatekeeper");
      await someMore();
      const answers = await buying.stop();
      await everyProcessFollows();
      t.diagnostic(JSON.stringify(tally(answers)));
      assertOnly(answers, unsure);
      await assertAccountsFor(fleet, productId, answers);
      assert.equal((await fleet.reconcile()).status, "OK");
    });

    test("orders that wait in Kafka are processed before the books take over", async () => {
      const productId = await fleet.newProduct({ stock: 50 });
      const settlement = fleet.member("settlement");
      const answers: OrderAnswer[] = [];
      let switching: ReturnType<typeof switchTo> | undefined;
      settlement.signal("SIGSTOP");
      try {
        answers.push(...(await allBuy(fleet, productId, 20)));
        switching = switchTo("sync");
        // It waits for settlement before it closes anything: until then the gate sells.
        answers.push(...(await allBuy(fleet, productId, 5)));
        assert.deepEqual(tally(answers), { accepted: 25 });
        const { body: meanwhile } = await fleet.admin.get<SwitchView>("/admin/gatekeeper");
        assert.deepEqual([meanwhile.mode, meanwhile.ready], ["gatekeeper", true]);
      } finally {
        // The tests that follow need settlement, even if this one fails.
        settlement.signal("SIGCONT");
        await switching;
      }
      const { status, body: mode } = await switching;
      assert.deepEqual([status, mode.mode, mode.ready], [200, "sync", true], JSON.stringify(mode));
      for (const { buyer, body } of answers) {
        const { body: seen } = await buyer.get<Order>(`/orders/${body.orderId}`);
        assert.match(seen.status, /INVENTORY_RESERVED|PAYMENT_PENDING/);
      }
      await switched("gatekeeper");
      await assertAccountsFor(fleet, productId, answers);
      await everyProcessFollows();
    });

    describe("while Redis is down", () => {
      afterEach(async () => {
        fleet.member("inventory").signal("SIGCONT");
        if (fleet.servers.redis.pid) await fleet.servers.redis.kill("SIGCONT");
        else await fleet.servers.redis.start();
        await until(async () => (await switchTo("gatekeeper")).status === 200, { everyMs: 500 });
        await everyProcessFollows();
      });

      test("sync works without it: orders are sold, paid and counted; gatekeeper waits for Redis", async () => {
        const productId = await fleet.newProduct({ stock: 40 });
        // Of plenty: while one process follows the switch and the other does not yet, each look buys a unit.
        const plenty = await fleet.newProduct({ stock: 10_000 });
        const before = await allBuy(fleet, productId, 10);
        assert.deepEqual(tally(before), { accepted: 10 });
        await fleet.servers.redis.kill();
        await switched("sync");
        await untilAnswered(plenty, "INVENTORY_RESERVED");
        const answers = await allBuy(fleet, productId, 60);
        assertOnly(answers, ["sold_out"]);
        const [first] = accepted(answers) as [OrderAnswer];
        assert.equal((await payOrder(first.buyer, first.body.orderId, goodCard)).status, 202);
        await fleet.untilStatus(first.buyer, first.body.orderId, "CONFIRMED");
        const { body: stock } = await fleet.admin.get<Stock>(`/inventory/${productId}`);
        assert.deepEqual([stock.held + stock.sold, stock.available, stock.gate], [40, 0, null]);
        assert.equal((await fleet.reconcile()).status, "OK");
        const restock = await fleet.admin.post<Stock>(`/inventory/${productId}/restock`, {
          quantity: 100,
          reason: "more",
        });
        assert.deepEqual([restock.status, restock.body.available], [200, 100]);

        const [inventory, order1] = [fleet.member("inventory"), fleet.member("order1")];
        await Promise.all([inventory.stop(), order1.stop()]);
        await Promise.all([inventory.start(), order1.start()]);
        await untilAnswered(plenty, "INVENTORY_RESERVED");

        const refused = await switchTo("gatekeeper");
        assert.deepEqual([refused.status, refused.body.code, refused.body.mode], [503, "switch_failed", "sync"]);
        assert.match(refused.body.detail, /Redis does not answer/);
        await untilAnswered(plenty, "INVENTORY_RESERVED");

        await fleet.servers.redis.start();
        await until(async () => (await switchTo("gatekeeper")).status === 200, { everyMs: 500 });
        await untilAnswered(plenty, "PENDING");
        const atRest = await fleet.untilAtRest(productId);
        assert.equal(atRest.held + atRest.sold + atRest.available, 140);
        for (const { buyer, body } of [...before, ...accepted(answers)]) {
          const { body: seen } = await buyer.get<Order>(`/orders/${body.orderId}`);
          assert.match(seen.status, /INVENTORY_RESERVED|PAYMENT_PENDING|CONFIRMED/);
        }
      });

      test("an order that was on its way when Redis froze is not promised after the books took over", async (t) => {
        const productId = await fleet.newProduct({ stock: 3 });
        const slow = fleet.member("order2");
        const settlement = fleet.member("settlement");
        await Promise.all([slow.stop(), settlement.stop()]);
        // Slower than the mark, because otherwise the gate would know that the books refused the order.
        await Promise.all([
          slow.start({ FP: "place.reserved:delay=12000" }),
          settlement.start({ FP: "settle.read:delay=2000" }),
        ]);
        const headers = {
          authorization: `Bearer ${fleet.token("late", "CUSTOMER")}`,
          "content-type": "application/json",
        };
        const late = fetch(`${slow.origin}/orders`, {
          method: "POST",
          headers,
          body: JSON.stringify({ productId, quantity: 1 }),
        }).then(async (response) => ({ status: response.status, body: (await response.json()) as Problem }));
        await eventually(async () => (await fleet.reportOf(productId)).inFlight === 1);
        await fleet.servers.redis.kill("SIGSTOP");
        const begun = performance.now();
        await switched("sync");
        t.diagnostic(`sync without Redis took ${Math.round(performance.now() - begun)} ms`);
        const fast = fleet.member("order1").origin;
        const answers = await Promise.all(
          ["a", "b", "c"].map((buyer) =>
            eventually(async () => {
              const authorization = `Bearer ${fleet.token(buyer, "CUSTOMER")}`;
              const response = await fetch(`${fast}/orders`, {
                method: "POST",
                headers: { ...headers, authorization },
                body: JSON.stringify({ productId, quantity: 1 }),
              });
              return response.status === 202 && response.status;
            }),
          ),
        );
        assert.deepEqual(answers, [202, 202, 202]);
        // Otherwise the sweeper would void the order before it is marked, and the intended race would not happen.
        fleet.member("inventory").signal("SIGSTOP");
        await fleet.servers.redis.kill("SIGCONT");
        const { status, body } = await late;
        fleet.member("inventory").signal("SIGCONT");
        assert.deepEqual([status, body.code], [503, "outcome_pending"], JSON.stringify(body));
        await fleet.untilStatus(fleet.as("late"), body.orderId as string, "FAILED");
        await Promise.all([slow.stop(), settlement.stop()]);
        await Promise.all([slow.start(), settlement.start()]);
      });

      const seed = Number(process.env.SEED ?? Date.now() % 100_000);
      test(`whenever Redis freezes and comes back around a switch, every promise is kept (SEED=${seed})`, async (t) => {
        const random = randomFrom(seed);
        const slow = fleet.member("order2");
        await slow.stop();
        await slow.start({ FP: "place.reserved:delay=1500,place.appended:delay=1500" });
        for (let round = 1; round <= 3; round += 1) {
          const productId = await fleet.newProduct({ stock: 60 });
          const buying = keepBuying(fleet, productId, 16);
          await sleep(random() * 1_500);
          await fleet.servers.redis.kill("SIGSTOP");
          await sleep(random() * 1_000);
          const thawing = sleep(random() * 8_000).then(() => fleet.servers.redis.kill("SIGCONT"));
          const answer = await switchTo("sync");
          assert.equal(answer.status, 200, JSON.stringify(answer.body));
          await eventually(() => tally(buying.soFar).sold_out);
          await thawing;
          const answers = await buying.stop();
          await until(async () => (await switchTo("gatekeeper")).status === 200, { everyMs: 500 });
          t.diagnostic(`round ${round}: ${JSON.stringify(tally(answers))}`);
          assertOnly(answers, [...unsure, "sold_out"]);
          await assertAccountsFor(fleet, productId, answers);
          assert.equal((await fleet.reconcile()).status, "OK");
        }
        await slow.stop();
        await slow.start();
      });
    });
  });

  describe("option 2: Redis fails", () => {
    test("G8: killed under load: refusals come fast; it comes back, sync-redis, and orders go on", async (t) => {
      const productId = await fleet.newProduct({ stock: 50_000 });
      const asking = keepAsking(productId, 5);
      await untilMoreAccepted(asking.answers, 50);
      await fleet.servers.redis.kill();
      const refusals = () => tally(asking.answers).price_not_available ?? 0;
      await eventually(() => refusals() >= 300);
      t.diagnostic(`${asking.latencies("price_not_available")}; beside ${asking.latencies("accepted")}`);
      const away = await fleet.reconcile();
      assert.equal(away.status, "WARNING", "what cannot be compared is not OK");
      const health = await fetch(`${fleet.origin}/order/actuator/health`);
      assert.equal(health.status, 503);
      const sync = await fleet.admin.post("/admin/sync-redis");
      assert.deepEqual([sync.status, sync.body.code], [503, "gate_unavailable"]);

      await fleet.servers.redis.start();
      const back = performance.now();
      await until(async () => (await fleet.admin.post("/admin/sync-redis")).status === 200);
      const then = accepted(asking.answers).length;
      await eventually(() => accepted(asking.answers).length > then);
      t.diagnostic(`Redis back to the first order: ${Math.round(performance.now() - back)} ms`);
      await eventually(() => accepted(asking.answers).length >= then + 50);
      const answers = await asking.stop();
      t.diagnostic(JSON.stringify(tally(answers)));
      assertOnly(answers, unsure);
      await assertAccountsFor(fleet, productId, answers);
      assert.equal((await fleet.reconcile()).status, "OK");
    });

    test("frozen under load: no buyer waits longer than REDIS_TIMEOUT_MS, and orders go on afterwards", async (t) => {
      const productId = await fleet.newProduct({ stock: 50_000 });
      const asking = keepAsking(productId, 5);
      await untilMoreAccepted(asking.answers, 50);
      await fleet.servers.redis.kill("SIGSTOP");
      const refusals = () => tally(asking.answers).price_not_available ?? 0;
      await eventually(() => refusals() >= 300);
      t.diagnostic(`${asking.latencies("price_not_available")}; beside ${asking.latencies("accepted")}`);
      await fleet.servers.redis.kill("SIGCONT");
      await untilMoreAccepted(asking.answers, 50);
      const answers = await asking.stop();
      t.diagnostic(JSON.stringify(tally(answers)));
      assertOnly(answers, unsure);
      await assertAccountsFor(fleet, productId, answers);
      assert.equal((await fleet.reconcile()).status, "OK");
    });
  });

  describe("option 3: Kafka fails", () => {
    test("H7: killed under load: orders fail, nothing stays reserved, no accepted order is lost, and it goes on", async (t) => {
      const productId = await fleet.newProduct({ stock: 50_000 });
      const asking = keepAsking(productId, 5);
      await untilMoreAccepted(asking.answers, 50);
      await fleet.servers.kafka.kill();
      await eventually(() => (tally(asking.answers).order_failed ?? 0) >= 200);
      const answers = await asking.stop();
      t.diagnostic(asking.latencies("order_failed"));
      t.diagnostic(asking.latencies("outcome_pending"));
      assertOnly(answers, ["order_failed", "outcome_pending"]);
      // Kafka is still down: units of failed orders are back on sale, those of accepted and unsettled orders stay in
      // flight.
      await eventually(async () => {
        const { gate, inFlight, held } = await fleet.reportOf(productId);
        return gate !== null && inFlight + held <= accepted(answers).length + (tally(answers).outcome_pending ?? 0);
      });

      await fleet.servers.kafka.start();
      const after = [await untilAccepted(productId)].map((answer) => ({ ...answer, buyer: fleet.as("ada") }));
      await assertAccountsFor(fleet, productId, [...answers, ...after]);
      assert.equal((await fleet.reconcile()).status, "OK");
    });

    test("H4: frozen with orders under way, it stores them late: buyers with a failed order hold nothing", async (t) => {
      const productId = await fleet.newProduct({ stock: 50_000 });
      const asking = keepAsking(productId, 5);
      await untilMoreAccepted(asking.answers, 50);
      await fleet.servers.kafka.kill("SIGSTOP");
      await eventually(() => (tally(asking.answers).order_failed ?? 0) >= 20);
      await fleet.servers.kafka.kill("SIGCONT");
      await untilMoreAccepted(asking.answers, 50);
      const answers = await asking.stop();
      t.diagnostic(JSON.stringify(tally(answers)));
      assertOnly(answers, ["order_failed", "outcome_pending"]);
      await assertAccountsFor(fleet, productId, answers);
    });

    test("H4: an order whose acknowledgement is lost is one order or none, and a retry under its key gets the outcome", async (t) => {
      const productId = await fleet.newProduct({ stock: 40 });
      const place = (n: number) => order(productId, { "idempotency-key": `lost-${productId}-${n}` });
      const before = proxy.answersLost;
      proxy.dropAnswers({ to: isKafkaProduce });
      const first = await Promise.all(Array.from({ length: 20 }, (_, n) => place(n)));
      proxy.mend();
      assert.ok(proxy.answersLost > before, "no acknowledgement was lost");
      t.diagnostic(`${proxy.answersLost - before} acknowledgements lost: ${JSON.stringify(tally(first))}`);
      assertOnly(first, ["order_failed", "outcome_pending"]);
      const orderIds = new Set<string>();
      for (let n = 0; n < 20; n += 1) {
        const again = await eventually(async () => {
          const answer = await place(n);
          return answer.status === 202 && answer;
        });
        orderIds.add(again.body.orderId);
        if (first[n]?.status === 202) assert.equal(again.body.orderId, first[n]?.body.orderId);
      }
      assert.equal(orderIds.size, 20);
      const { held, available } = await fleet.untilAtRest(productId);
      assert.deepEqual({ held, available }, { held: 20, available: 20 });
      assert.equal((await fleet.reconcile()).status, "OK");
    });
  });
});
