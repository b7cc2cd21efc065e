/**
 * What is left to judge by once a run has come to rest: the rows of the stores as they lie there, read without asking
 * the system, what the gate holds, what people were told, and every reconciliation that was taken on the way.
 */
import type { Queryable } from "#engines/sql";
import type { Wish } from "./history.ts";

export type Claim = {
  productId: string;
  epoch: number;
  reservationNo: number;
  userId: string;
  quantity: number;
  seq: number;
};
export type Outcome = Pick<Claim, "productId" | "epoch" | "reservationNo" | "quantity"> & {
  outcome: "released" | "sold";
  seq: number | null;
};
export type StockRow = {
  productId: string;
  totalIn: number;
  committed: number;
  sold: number;
  seq: number;
  entered: number;
  /** Rows of the stream, and what the last one and the lowest one say there is to sell. */
  rows: number;
  lastAvailable: number | null;
  leastAvailable: number | null;
};
export type OrderRow = Pick<Claim, "productId" | "epoch" | "reservationNo" | "userId" | "quantity"> & {
  orderId: string;
  status: string;
  reason: string | null;
  totalMinor: number;
  payBy: Date;
  timeline: { status: string; at: string }[];
};
/** A line of the simulated bank's statement; the order is the one that our books have for the payment, if any. */
export type StatementLine = { paymentId: string; orderId: string | null; kind: string; amountMinor: number };
export type RefundRow = { orderId: string; restock: boolean; quantity: number; entered: number };
export type PaymentRow = { paymentId: string; orderId: string; state: string };
export type GateReading = { productId: string; sellable: number; pending: number; records: number };
export type Sample = { productId: string; status: string; drift: number; explanation: string };

export type Stores = {
  stock: StockRow[];
  /** Decided C. */
  claims: Claim[];
  outcomes: Outcome[];
  queued: number;
  quota: { productId: string; userId: string; held: number }[];
  orders: OrderRow[];
  refunds: RefundRow[];
  payments: PaymentRow[];
  statement: StatementLine[];
};

export type Evidence = Stores & {
  gate: GateReading[];
  wishes: readonly Wish[];
  samples: readonly Sample[];
  /** How many units one customer may hold, by product. */
  limits: ReadonlyMap<string, number>;
};

const ref = `l.product_id as "productId", l.epoch, l.reservation_no as "reservationNo"`;

/** Of these products. Lines of the statement that belong to no order of ours are everybody's concern, and among them. */
export async function readStores(sql: Queryable, productIds: readonly string[]): Promise<Stores> {
  const read = <R extends object>(text: string) => sql.query<R & Record<string, unknown>>(text, [productIds]);
  const [queue] = await read<{ queued: number }>(
    "select count(*)::int as queued from inventory.outcome_queue where product_id = any($1::text[])",
  );
  return {
    stock: await read<StockRow>(
      `select s.product_id as "productId", s.total_in as "totalIn", s.committed, s.sold, s.seq,
              (select coalesce(sum(quantity), 0)::bigint from inventory.stock_entry e
                where e.product_id = s.product_id) as entered,
              (select count(*)::int from inventory.stock_stream r where r.product_id = s.product_id) as rows,
              (select available_after from inventory.stock_stream r
                where r.product_id = s.product_id order by seq desc limit 1) as "lastAvailable",
              (select min(available_after) from inventory.stock_stream r
                where r.product_id = s.product_id) as "leastAvailable"
         from inventory.stock s where s.product_id = any($1::text[])`,
    ),
    claims: await read<Claim>(
      `select ${ref}, l.user_id as "userId", l.quantity, l.seq from inventory.stock_ledger l
        where l.fate = 'claimed' and l.product_id = any($1::text[])`,
    ),
    outcomes: await read<Outcome>(
      `select ${ref}, l.outcome, l.quantity, l.seq from inventory.stock_outcome l
        where l.product_id = any($1::text[])`,
    ),
    queued: queue?.queued ?? 0,
    quota: await read(
      `select product_id as "productId", user_id as "userId", held from inventory.user_quota
        where held > 0 and product_id = any($1::text[])`,
    ),
    orders: await read<OrderRow>(
      `select ${ref}, l.order_id as "orderId", l.user_id as "userId", l.quantity, l.status, l.reason,
              l.pay_by as "payBy", l.timeline, l.unit_price_minor * l.quantity as "totalMinor"
         from orders.orders l where l.product_id = any($1::text[])`,
    ),
    refunds: await read<RefundRow>(
      `select r.order_id as "orderId", r.restock, o.quantity, coalesce(e.quantity, 0)::int as entered
         from orders.refund r join orders.orders o using (order_id)
         left join inventory.stock_entry e on e.product_id = o.product_id and e.ref = 'return ' || r.order_id
        where o.product_id = any($1::text[])`,
    ),
    payments: await read<PaymentRow>(
      `select p.payment_id as "paymentId", p.order_id as "orderId", p.state
         from payment.payment p join orders.orders o using (order_id) where o.product_id = any($1::text[])`,
    ),
    statement: await read<StatementLine>(
      `select s.payment_id as "paymentId", p.order_id as "orderId", s.kind, s.amount_minor as "amountMinor"
         from payment_simulator.statement s
         left join payment.payment p on p.payment_id::text = s.payment_id
         left join orders.orders o on o.order_id = p.order_id
        where o.product_id is null or o.product_id = any($1::text[])`,
    ),
  };
}

/** Whether anything is still on its way: an open order, an uncounted outcome, money that is owed one way or the other. */
export async function isAtRest(sql: Queryable, productIds: readonly string[]): Promise<boolean> {
  const [row] = await sql.query<{ busy: boolean }>(
    `select exists (select from orders.orders where status in ('INVENTORY_RESERVED', 'PAYMENT_PENDING')
                       and product_id = any($1::text[]))
         or exists (select from inventory.outcome_queue where product_id = any($1::text[]))
         or exists (select from catalog.outbox) or exists (select from orders.outbox)
         or exists (select from orders.refund where done_at is null)
         or exists (select from payment.news where told_at is null)
         or exists (select from payment.payment p join orders.orders o using (order_id)
                     where o.product_id = any($1::text[])
                       and (p.state in ('requested', 'capturing', 'voiding', 'refunding')
                            or p.state in ('authorized', 'captured') and p.kept_at is null)) as busy`,
    [productIds],
  );
  return row?.busy === false;
}
