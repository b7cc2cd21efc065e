/**
 * Tests that each law detects its bug. After a healthy run the stores are corrupted as a bug would corrupt them, the
 * laws are checked, and everything is rolled back. A law that does not report its own bug is worthless, and one that
 * reports others' bugs explains nothing.
 */
import type { Queryable } from "#engines/sql";
import type { Evidence, Ref } from "../laws/evidence.ts";
import { createJudge, refOf } from "../laws/law.ts";
import { laws } from "../laws/laws.ts";
import { readStores } from "../laws/stores.ts";
import type { Attempt, Wish } from "../laws/wish.ts";
import { dropPlantings } from "./planted-drops.ts";
import { linePlantings } from "./planted-line.ts";
import { warehousePlantings } from "./planted-warehouse.ts";
import { onlyOf, type Planting } from "./planting.ts";
import type { Shop } from "./trial.ts";

export type Caught = { law: string; bug: string; spoke: string[] };

/** Ids of products that are sold without a drop, in one, and in one with a line. Each bug is done to one of them. */
export async function plantBugs(
  shop: Shop,
  products: { product: string; inDrop: string; inLine: string },
  whole: Evidence,
): Promise<Caught[]> {
  const caught: Caught[] = [];
  const done = [
    ...[...plantings, ...warehousePlantings].map((one) => ({ ...one, productId: products.product })),
    ...dropPlantings.map((one) => ({ ...one, productId: products.inDrop })),
    ...linePlantings.map((one) => ({ ...one, productId: products.inLine })),
  ];
  for (const { law, bug, plant, productId } of done) {
    const healthy = onlyOf(whole, productId);
    const spoke = await shop.useSql((sql) => {
      let found: string[] = [];
      const asked = sql.transaction(async (tx) => {
        const elsewhere = await plant(tx, healthy);
        const stores = await readStores(tx, [productId]);
        const evidence = { ...healthy, ...stores, history: healthy.history, ...elsewhere };
        found = createJudge(laws)(evidence).map(({ law }) => law.name);
        throw new RolledBack();
      });
      return asked.catch((error) => {
        if (error instanceof RolledBack) return found;
        throw error;
      });
    });
    caught.push({ law, bug, spoke });
  }
  return caught;
}

class RolledBack extends Error {}

const plantings: readonly Planting[] = [
  {
    law: "oversold units",
    bug: "a withdrawal takes units that buyers were promised",
    async plant(books, { stock, gate }) {
      const { productId, totalIn, committed, seq } = stock[0] as Evidence["stock"][0];
      const tooMany = totalIn - committed + 1;
      await books.query("alter table inventory.stock drop constraint committed_within_stock");
      await books.query("update inventory.stock set total_in = total_in - $2, seq = seq + 1 where product_id = $1", [
        productId,
        tooMany,
      ]);
      await books.query(
        `insert into inventory.stock_entry (product_id, ref, quantity, reason, actor, seq)
         values ($1, 'planted', -$2::bigint, 'planted', 'planted', $3)`,
        [productId, tooMany, seq + 1],
      );
      await books.query(
        `insert into inventory.stock_stream (product_id, seq, epoch, kind, available_after, added, items)
         values ($1, $2, 1, 'change', -1, -$3::bigint, '[]')`,
        [productId, seq + 1, tooMany],
      );
      return { gate: gate.map((one) => ({ ...one, sellable: 0 })) };
    },
  },
  {
    law: "lost units",
    bug: "a restock is stored and never counted",
    plant: (books, { stock }) =>
      run(
        books,
        `insert into inventory.stock_entry (product_id, ref, quantity, reason, actor, seq)
         values ($1, 'planted', 1, 'planted', 'planted', 1)`,
        stock[0]?.productId,
      ),
  },
  {
    law: "leaked holds",
    bug: "an order ends and its units are never given back",
    async plant(books, { stock, orders, decisions, outcomes, gate }) {
      const { productId, totalIn, committed, seq } = stock[0] as Evidence["stock"][0];
      // Of a customer who has held nothing else, because otherwise their limit would be broken too.
      const ended = orders.find(
        (order) =>
          outcomes.some((one) => one.outcome === "released" && isOf(one, order)) &&
          decisions.filter(({ userId }) => userId === order.userId).length === 1,
      );
      const { epoch, reservationNo, quantity, userId } = ended as Evidence["orders"][0];
      await run(
        books,
        "delete from inventory.stock_outcome where (product_id, epoch, reservation_no) = ($1, $2, $3)",
        productId,
        epoch,
        reservationNo,
      );
      await books.query("update inventory.stock set committed = committed + $2, seq = seq + 1 where product_id = $1", [
        productId,
        quantity,
      ]);
      await books.query(
        `insert into inventory.stock_stream (product_id, seq, epoch, kind, available_after, added, items)
         values ($1, $2, $3, 'change', $4, 0, '[]')`,
        [productId, seq + 1, epoch, totalIn - committed - quantity],
      );
      await books.query("update inventory.user_quota set held = held + $3 where product_id = $1 and user_id = $2", [
        productId,
        userId,
        quantity,
      ]);
      return { gate: gate.map((one) => ({ ...one, sellable: one.sellable - quantity })) };
    },
  },
  {
    law: "units sold and given back",
    bug: "an order that ran out of time, and whose units went back, is still confirmed by its payment",
    async plant(books, { orders, outcomes, history }) {
      const ended = lateOf({ orders, outcomes });
      await books.query("update orders.orders set status = 'CONFIRMED' where order_id = $1", [ended.orderId]);
      const paymentId = await giveMoney(books, ended.orderId, ["authorized", "captured"], ended.totalMinor);
      await books.query(
        `insert into payment.payment (payment_id, order_id, attempt, state, amount_minor, currency, provider, card_last4,
                requested_at, changed_at, next_try_at, kept_at)
         values ($1, $2, 99, 'captured', $3, 'EUR', 'simulator', '4242', now(), now(), now(), now())`,
        [paymentId, ended.orderId, ended.totalMinor],
      );
      return neverTold(history, ended);
    },
  },
  {
    law: "units of refunded orders",
    bug: "the process that refunds an order dies, and its units are forgotten",
    plant: (books, { orders }) =>
      run(
        books,
        `insert into orders.refund (order_id, reason, restock, actor, asked_at, done_at)
         values ($1, 'planted', true, 'planted', now(), now())`,
        orders.find(({ status }) => status === "CONFIRMED")?.orderId,
      ),
  },
  {
    law: "units that gate and books disagree about",
    bug: "a unit comes back to the gate twice",
    plant: async (_books, { gate }) => ({ gate: gate.map((one) => ({ ...one, sellable: one.sellable + 1 })) }),
  },
  {
    law: "units above a customer's limit",
    bug: "the limit is not checked",
    plant: (books) =>
      run(
        books,
        `update inventory.stock_ledger l set user_id = $1 from inventory.stock_outcome o
          where (o.product_id, o.epoch, o.reservation_no) = (l.product_id, l.epoch, l.reservation_no)
            and o.outcome = 'released'`,
        "hoarder",
      ),
  },
  {
    law: "charged without order",
    bug: "a payment is captured before its order is confirmed",
    async plant(books) {
      await giveMoney(books, "unknown", ["authorized", "captured"], 1_999);
      return undefined;
    },
  },
  {
    law: "charged twice or too much",
    bug: "a capture whose answer was lost is done again under another key",
    plant: (books, { stock }) => addLine(books, "captured", stock),
  },
  {
    law: "confirmed and not paid",
    bug: "the sweep gives back the money of a confirmed order",
    plant: (books, { stock }) => addLine(books, "refunded", stock),
  },
  {
    law: "money held and forgotten",
    bug: "a grant that is no longer wanted is never released",
    async plant(books) {
      await giveMoney(books, "forgotten", ["authorized"], 1_999);
      return undefined;
    },
  },
  {
    law: "accepted and unknown",
    bug: "202 is answered before the log has acknowledged the order",
    async plant(_books, { wishes, stock }) {
      const orderId = "00000000-0000-8000-8000-000000000bad";
      const attempts: Attempt[] = [{ told: "ok", code: "accepted", orderId, beganMs: 1, endedMs: 2 }];
      const productId = stock[0]?.productId ?? "";
      const wish: Wish = { user: "forgotten", productId, key: "k", attempts };
      return { wishes: [...wishes, wish] };
    },
  },
  {
    law: "accepted and not terminal",
    bug: "no scan ends an order whose saga was lost",
    async plant(books, { orders, outcomes, history }) {
      const ended = lateOf({ orders, outcomes });
      await run(
        books,
        "update orders.orders set status = 'PAYMENT_PENDING', reason = 'payment_undecided' where order_id = $1",
        ended.orderId,
      );
      return neverTold(history, ended);
    },
  },
  {
    law: "ended before its time",
    bug: "a payment that cannot be opened for some seconds ends its order",
    plant: (books, { orders }) =>
      run(
        books,
        "update orders.orders set pay_by = pay_by + interval '15 minutes' where order_id = $1",
        orders.find(({ status, reason }) => status === "FAILED" && reason === "payment_timeout")?.orderId,
      ),
  },
  {
    law: "failed and standing",
    bug: "a buyer gets the answer that their order failed while its event is in the log",
    async plant(_books, { wishes, orders }) {
      const standing = orders.find(({ status }) => status === "CONFIRMED");
      const lie: Attempt[] = [{ told: "fail", code: "order_failed", beganMs: 1, endedMs: 2 }];
      return { wishes: wishes.map((wish) => (wish.user === standing?.userId ? { ...wish, attempts: lie } : wish)) };
    },
  },
  {
    law: "two orders for one wish",
    bug: "a retry under the same key makes another order",
    async plant(books, { orders, wishes }) {
      await run(
        books,
        `insert into orders.orders
         select gen_random_uuid(), user_id, product_id, epoch, reservation_no + 800000, quantity, unit_price_minor,
                currency, price_version, 'FAILED', 'sold_out', body_hash, placed_at, pay_by, timeline
           from orders.orders where order_id = $1`,
        orders.find(
          ({ status, userId }) => status === "CONFIRMED" && wishes.filter(({ user }) => user === userId).length === 1,
        )?.orderId,
      );
      return { announced: undefined };
    },
  },
  {
    law: "holdings miscounted",
    bug: "units that a customer holds are counted twice",
    plant: (books, { stock }) =>
      run(books, "update inventory.user_quota set held = held + 1 where product_id = $1", stock[0]?.productId),
  },
  {
    law: "gate out of step",
    bug: "a gate that was rebuilt goes on in its old epoch",
    plant: async (_books, { gate, stock }) => ({
      gate: gate.map((one) => ({ ...one, epoch: (stock[0]?.epoch ?? 0) - 1, applied: stock[0]?.seq })),
    }),
  },
  {
    law: "given back more than paid",
    bug: "a disputed payment is refunded as well",
    async plant(books) {
      await giveMoney(books, "disputed", ["authorized", "captured", "refunded", "charged_back"], 1_999);
      return undefined;
    },
  },
  {
    law: "accepted and refused",
    bug: "the books have no unit left for an order that was answered 202",
    plant: (books, { orders, outcomes }) =>
      run(
        books,
        "update orders.orders set reason = 'sold_out' where order_id = $1",
        lateOf({ orders, outcomes }).orderId,
      ),
  },
  {
    law: "ended and taken back",
    bug: "the saga ends an order that its buyer has cancelled",
    plant: async (_books, { orders, outcomes, history }) => {
      const { orderId } = lateOf({ orders, outcomes });
      return { history: [...history, { orderId, status: "CANCELLED", reason: null, atMs: Date.now() }] };
    },
  },
  {
    law: "cancelled unasked",
    bug: "an order whose time ran out is stored as cancelled by its buyer",
    async plant(books, { orders, outcomes, history }) {
      const ended = lateOf({ orders, outcomes });
      await run(books, "update orders.orders set status = 'CANCELLED' where order_id = $1", ended.orderId);
      return neverTold(history, ended);
    },
  },
  {
    law: "claimed twice",
    bug: "a redelivered event makes a second claim",
    async plant(_books, { orders, outcomes, decisions }) {
      const [late, other] = [lateOf({ orders, outcomes }), orders.find(({ status }) => status === "CONFIRMED")];
      const orderId = other?.orderId ?? "";
      return { decisions: decisions.map((one) => (refOf(one) === refOf(late) ? { ...one, orderId } : one)) };
    },
  },
  {
    law: "orders left in a cancelled drop",
    bug: "a drop is cancelled, and its orders are left standing",
    plant: async (_books, { stock }) => {
      const productId = stock[0]?.productId ?? "";
      // Asked for after every order, so that no other law about drops is concerned.
      const when = { beganMs: Number.MAX_VALUE, answeredMs: Number.MAX_VALUE };
      return {
        terms: [
          { productId, opensAtMs: 0, closesAtMs: Date.now(), paused: false, cancelled: true, version: 1, ...when },
        ],
      };
    },
  },
  {
    law: "work left unfinished",
    bug: "a capture whose answer was lost is never repeated",
    plant: (books, { orders }) =>
      run(
        books,
        "update payment.payment set state = 'capturing' where state = 'captured' and order_id = $1",
        orders.find(({ status }) => status === "CONFIRMED")?.orderId,
      ),
  },
  {
    law: "ended and not announced",
    bug: "an event is deleted from the outbox before the log has it",
    plant: async (_books, { orders, announced = new Set<string>() }) => {
      const lost = `${orders[0]?.orderId}:${orders[0]?.status}`;
      return { announced: new Set([...announced].filter((one) => one !== lost)) };
    },
  },
  {
    law: "dead letters",
    bug: "settlement puts an order aside that it could have settled",
    plant: async () => ({ deadLetters: 1 }),
  },
  {
    law: "shut after the trouble",
    bug: "a process goes on refusing orders after its server is back",
    async plant(_books, { lateWish }) {
      const refused: Attempt = { told: "fail", code: "service_unavailable", beganMs: 1, endedMs: 2 };
      return { lateWish: lateWish && { ...lateWish, attempts: [refused] } };
    },
  },
];

function isOf(one: Ref, other: Ref) {
  return refOf(one) === refOf(other);
}

/** An order that ran out of time, and whose units went back. */
function lateOf({ orders, outcomes }: Pick<Evidence, "orders" | "outcomes">): Evidence["orders"][0] {
  const late = orders.find(
    (order) =>
      order.reason === "payment_timeout" && outcomes.some((one) => one.outcome === "released" && isOf(one, order)),
  );
  if (!late) throw new Error("the healthy run left no order that ran out of time");
  return late;
}

/** As if no client had seen the order and the log had announced none: both are for other laws. */
function neverTold(history: Evidence["history"], order: { orderId: string }) {
  return { history: history.filter(({ orderId }) => orderId !== order.orderId), announced: undefined };
}

async function run(books: Queryable, text: string, ...values: unknown[]): Promise<undefined> {
  const rows = await books.query(`${text} returning 1`, values);
  if (rows.length === 0) throw new Error(`the healthy run left nothing to plant this bug in: ${text}`);
}

/** As the bank would book it. Returns the payment. */
async function giveMoney(
  books: Queryable,
  name: string,
  kinds: readonly string[],
  amountMinor: number,
): Promise<string> {
  const [row] = await books.query<{ paymentId: string }>(
    `insert into payment_simulator.charge
       (payment_id, charge_id, status, result, result_at, amount_minor, currency, card_last4)
     values (gen_random_uuid()::text, 'planted ' || $1, 'captured', 'authorized', now(), $2, 'EUR', '4242')
     returning payment_id as "paymentId"`,
    [name, amountMinor],
  );
  const { paymentId } = row as { paymentId: string };
  for (const kind of kinds) {
    await books.query(
      `insert into payment_simulator.statement (idempotency_key, payment_id, kind, amount_minor, currency, booked_at)
       values ($1 || $2, $2, $1, $3, 'EUR', now())`,
      [kind, paymentId, amountMinor],
    );
  }
  return paymentId;
}

/** Repeats a line of the statement about a confirmed order, under a key of its own. */
function addLine(books: Queryable, kind: string, [product]: Evidence["stock"]): Promise<undefined> {
  return run(
    books,
    `insert into payment_simulator.statement (idempotency_key, payment_id, kind, amount_minor, currency, booked_at)
     select 'planted', s.payment_id, '${kind}', s.amount_minor, s.currency, now()
       from payment_simulator.statement s
       join payment.payment p on p.payment_id::text = s.payment_id
       join orders.orders o using (order_id)
      where o.status = 'CONFIRMED' and o.product_id = $1 and s.kind = 'captured' limit 1`,
    product?.productId,
  );
}
