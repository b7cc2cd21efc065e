/** Answers the statements of src/orders from tables in memory, each by a twin. */
import { isDeepStrictEqual } from "node:util";
import { undecidedReason } from "../../../src/orders/state.ts";
import type { Planted } from "../planted.ts";
import { isAfter, unique } from "./inventory.ts";
import { type Twins, unnest } from "./statements.ts";
import { createTable, type Transaction } from "./tables.ts";

export type OrderRow = {
  orderId: string;
  userId: string;
  productId: string;
  epoch: number;
  reservationNo: number;
  quantity: number;
  unitPriceMinor: number;
  currency: string;
  priceVersion: number;
  status: string;
  reason: string | null;
  bodyHash: string;
  placedAt: Date;
  payBy: Date;
  timeline: object[];
  run: string | null;
  extensionSeconds: number;
  isExtended: boolean;
  /** In the partition of a month. */
  isPast: boolean;
};

export type SettledRow = { topic: string; partition: number; incarnation: string; next: number; reader: number };
export function nameOfMark({ topic, partition, incarnation }: Omit<SettledRow, "next" | "reader">) {
  return `${topic} ${partition} ${incarnation}`;
}

export type RefundRow = {
  orderId: string;
  reason: string;
  restock: boolean;
  actor: string;
  askedAt: Date;
  doneAt: Date | null;
};

export type OrderTables = ReturnType<typeof createOrderTables>;

export function createOrderTables() {
  return {
    orders: createTable<OrderRow>(({ orderId }) => orderId),
    settled: createTable<SettledRow>(nameOfMark),
    outbox: createTable<{ id: number; events: object[] }>(({ id }) => String(id)),
    refund: createTable<RefundRow>(({ orderId }) => orderId),
    /** Fenced once more after the order had moved: for a moment it is a recent one too. */
    again: createTable<OrderRow>(({ orderId }) => orderId),
    month: createTable<{ name: string }>(({ name }) => name),
    outboxLock: createTable<{ name: string }>(({ name }) => name),
  };
}

type Strings = readonly string[];
type Numbers = readonly number[];
const columns = [
  ...[
    "orderId",
    "userId",
    "productId",
    "epoch",
    "reservationNo",
    "quantity",
    "unitPriceMinor",
    "currency",
    "priceVersion",
    "status",
  ],
  ...["reason", "bodyHash", "placedAt", "payBy", "timeline", "extensionSeconds"],
] as const;

export function orderTwins(t: OrderTables, planted: Planted | undefined): Twins {
  let lastEvent = 0;
  const shown = (row: OrderRow) => ({ ...seen(row), totalMinor: row.unitPriceMinor * row.quantity });
  const isEarly = (row: OrderRow) => planted === "end-told-early" && row.reason === undecidedReason;
  /**
   * Planted: an order that waits for its payment is reported as ended, while the product itself still treats it as
   * open.
   */
  const told = (row: OrderRow) => (isEarly(row) ? { ...row, status: "FAILED" } : row);
  const seen = (row: OrderRow) => (isEarly(row) ? { ...row, status: "PAYMENT_PENDING" } : row);
  const readRows = (tx: Transaction, ids: Strings, isPast: boolean) =>
    [...new Set(ids)].flatMap((id) => {
      const row = t.orders.get(tx, id);
      return row && row.isPast === isPast ? [shown(row)] : [];
    });
  /** The month about which a transaction asked, because the statement that makes it has the name in its text. */
  const monthOf = new WeakMap<Transaction, string>();
  const movable = (tx: Transaction, before: Date) =>
    t.orders
      .all(tx)
      .filter((row) => !row.isPast && row.placedAt < before && row.reason !== "fenced")
      .filter((row) => !isOpen(seen(row)) && t.refund.get(tx, row.orderId)?.doneAt !== null)
      .toSorted((a, b) => (isAfter(a.placedAt.getTime(), a.orderId, b.placedAt.getTime(), b.orderId) ? 1 : -1));
  const isOpen = ({ status }: OrderRow) => status === "INVENTORY_RESERVED" || status === "PAYMENT_PENDING";
  /** A page of them in the order of their deadlines, behind a position. */
  const byDeadline = (rows: readonly OrderRow[], [after, id, limit]: readonly unknown[]) =>
    rows
      .map((row) => ({ row, at: row.payBy.getTime(), orderId: row.orderId }))
      .filter(({ at, orderId }) =>
        isAfter(at, orderId, after === "-infinity" ? 0 : (after as Date).getTime(), id as string),
      )
      .toSorted((a, b) => (isAfter(a.at, a.orderId, b.at, b.orderId) ? 1 : -1))
      .slice(0, limit as number)
      .map(({ row }) => shown(row));

  return {
    "insert into orders.recent": (tx, values) =>
      unnest(...(values as unknown[][])).flatMap((cells) => {
        const given = Object.fromEntries(columns.map((name, i) => [name, cells[i]])) as Omit<OrderRow, "timeline">;
        const timeline = JSON.parse(cells[14] as string);
        const row: OrderRow = { ...given, timeline, run: null, isExtended: false, isPast: false };
        const standing = t.orders.lock(tx, row.orderId);
        if (!standing) {
          t.orders.put(tx, row.orderId, row);
          return [{ orderId: row.orderId }];
        }
        if (standing.isPast) {
          if (row.reason !== "fenced") throw new Error(`order ${row.orderId} has moved, and is settled again`);
          t.again.put(tx, row.orderId, row);
          return [{ orderId: row.orderId }];
        }
        const givesWay =
          standing.status === "FAILED" && standing.reason === "fenced" && row.status === "PAYMENT_PENDING";
        if (!givesWay) return [];
        const { userId, productId, run } = standing;
        t.orders.put(tx, row.orderId, {
          ...row,
          userId,
          productId,
          run,
          timeline: [...standing.timeline, ...row.timeline],
        });
        return [{ orderId: row.orderId }];
      }),
    "from orders.orders where product_id = $1 and body_hash <> '' limit $2": (tx, [productId, limit]) =>
      [...t.orders.all(tx), ...t.again.all(tx)]
        .filter((row) => row.productId === productId && row.bodyHash !== "")
        .slice(0, limit as number)
        .map(({ orderId }) => ({ orderId })),
    "from orders.recent where order_id = any($1::uuid[])": (tx, [ids]) => readRows(tx, ids as Strings, false),
    "from orders.past where order_id = any($1::uuid[])": (tx, [ids]) => readRows(tx, ids as Strings, true),
    "delete from orders.recent where order_id = any($1::uuid[]) and reason = 'fenced'": (tx, [ids]) =>
      (ids as Strings).flatMap((orderId) => {
        if (!t.again.get(tx, orderId)) return [];
        t.again.put(tx, orderId, undefined);
        return [{ orderId }];
      }),
    "from orders.recent where placed_at < $1 and status in": (tx, [before]) =>
      movable(tx, before as Date)
        .slice(0, 1)
        .map(({ placedAt }) => ({ placedAt })),
    "from pg_class where relnamespace = 'orders'::regnamespace": (tx, [name]) => {
      monthOf.set(tx, name as string);
      return t.month.get(tx, name as string) ? [{ name, isPartition: true }] : [];
    },
    "lock table only orders.past in share update exclusive mode": (tx) => {
      t.outboxLock.put(tx, "months", { name: "months" });
      return [];
    },
    "including defaults including constraints including indexes": () => [],
    "alter table orders.past attach partition": (tx) => {
      const name = monthOf.get(tx) ?? "";
      t.month.put(tx, name, { name });
      return [];
    },
    "update orders.orders set is_past = true": (tx, [begin, end, before, limit]) =>
      movable(tx, before as Date)
        .filter(({ placedAt }) => placedAt >= (begin as Date) && placedAt < (end as Date))
        .filter(({ orderId }) => !t.orders.isLockedByOther(tx, orderId))
        .slice(0, limit as number)
        .map((row) => {
          t.orders.put(tx, row.orderId, { ...row, isPast: true });
          return { order_id: row.orderId };
        }),
    "set status = $2, reason = null": (tx, [orderId, status, epoch, reservationNo, entry, from, reason]) => {
      const row = t.orders.lock(tx, orderId as string);
      if (!row || !(from as Strings).includes(seen(row).status) || row.reason !== reason) return [];
      const timeline = [...row.timeline, ...JSON.parse(entry as string)];
      const set = {
        status: status as string,
        reason: null,
        epoch: epoch as number,
        reservationNo: reservationNo as number,
        timeline,
      };
      t.orders.put(tx, row.orderId, { ...row, ...set });
      return [shown({ ...row, ...set })];
    },
    "set status = $3, reason = coalesce($4, reason), timeline": (tx, values) => {
      const [ids, dueAts, status, reason, entry, from, waiting, whileWaiting, run] = values;
      const asked = unnest(ids as Strings, dueAts as (Date | null)[]);
      const locked = new Map((ids as Strings).toSorted().map((id) => [id, t.orders.lock(tx, id)]));
      return asked.flatMap(([id, dueAt]) => {
        const row = locked.get(id);
        if (!row || !(from as Strings).includes(seen(row).status)) return [];
        if (dueAt && row.payBy.getTime() !== dueAt.getTime()) return [];
        if ((row.reason === waiting) !== whileWaiting) return [];
        const set = {
          status: status as string,
          reason: (reason as string | null) ?? row.reason,
          timeline: [...row.timeline, ...JSON.parse(entry as string)],
          run: (run as string | null) ?? row.run,
        };
        t.orders.put(tx, id, told({ ...row, ...set }));
        return [shown({ ...row, ...set })];
      });
    },
    "set extended_at = $2": (tx, [orderId, at, atText, , open, waiting]) => {
      const row = t.orders.lock(tx, orderId as string);
      if (!row || !(open as Strings).includes(seen(row).status) || row.reason === waiting) return [];
      if (row.extensionSeconds === 0 || row.isExtended || row.payBy <= (at as Date)) return [];
      const payBy = new Date(row.payBy.getTime() + row.extensionSeconds * 1_000);
      const entry = { status: "PAYMENT_EXTENDED", at: atText, payBy: payBy.toISOString() };
      const next = { ...row, payBy, isExtended: true, timeline: [...row.timeline, entry] };
      if (planted !== "extension-lost") t.orders.put(tx, row.orderId, next);
      return [shown(next)];
    },
    "update orders.orders set timeline": (tx, [orderId, entry, statuses]) => {
      const row = t.orders.lock(tx, orderId as string);
      if (!row || !(statuses as Strings).includes(row.status)) return [];
      const [added] = JSON.parse(entry as string) as object[];
      if (row.timeline.some((one) => isDeepStrictEqual(one, added))) return [];
      const next = { ...row, timeline: [...row.timeline, added as object] };
      t.orders.put(tx, row.orderId, next);
      return [shown(next)];
    },
    "and handed_over_at is null for update": (tx, [orderId]) =>
      t.orders.lock(tx, orderId as string) ? [{ orderId }] : [],
    "insert into orders.outbox": (tx, [events]) => {
      lastEvent += 1;
      t.outbox.put(tx, String(lastEvent), { id: lastEvent, events: JSON.parse(events as string) });
      return [{ id: lastEvent }];
    },
    pg_try_advisory_xact_lock: (tx) => {
      const mine = !t.outboxLock.isLockedByOther(tx, "outbox");
      if (mine) t.outboxLock.put(tx, "outbox", { name: "outbox" });
      return [{ mine }];
    },
    "and order_id <> all($4::uuid[]) limit $3": (tx, [ids, since, limit, without, until]) =>
      t.orders
        .all(tx)
        .filter((row) => !(without as Strings).includes(row.orderId))
        .filter((row) => (ids as Strings).includes(row.productId) && row.placedAt >= (since as Date))
        .filter((row) => until === null || row.placedAt < (until as Date))
        .filter((row) => isOpen(row) || (row.status === "CONFIRMED" && planted !== "paid-orders-left"))
        .slice(0, limit as number)
        .map(({ orderId, status }) => ({ orderId, status })),
    "select exists (select from orders.outbox)": (tx) => [{ some: t.outbox.all(tx).length > 0 }],
    "from orders.outbox order by id limit $1": (tx, [limit, remembered]) =>
      t.outbox
        .all(tx)
        .toSorted((a, b) => a.id - b.id)
        .slice(0, limit as number)
        .map(({ id, events }) => ({ id, events: (remembered as Numbers).includes(id) ? null : events })),
    "delete from orders.outbox": (tx, [ids]) => {
      for (const id of ids as number[]) t.outbox.put(tx, String(id), undefined);
      return [];
    },
    "insert into orders.refund": (tx, [orderId, reason, restock, actor, askedAt]) => {
      if (t.refund.conflict(tx, orderId as string)) unique("refund_pkey");
      t.refund.put(tx, orderId as string, { orderId, reason, restock, actor, askedAt, doneAt: null } as RefundRow);
      return [];
    },
    "where done_at is null and (asked_at, refund.order_id) >": (tx, [limit, askedAt, orderId]) =>
      t.refund
        .all(tx)
        .filter(({ doneAt }) => doneAt === null)
        .filter((row) => isBehind(row, askedAt as Date | "-infinity", orderId as string))
        .toSorted((a, b) => (isBehind(a, b.askedAt, b.orderId) ? 1 : -1))
        .slice(0, limit as number)
        .map((row) => ({ ...row, ...ofOrder(t.orders.get(tx, row.orderId)) })),
    "update orders.refund set done_at": (tx, [orderId, at]) => {
      const row = t.refund.lock(tx, orderId as string);
      if (row?.doneAt === null) t.refund.put(tx, row.orderId, { ...row, doneAt: at as Date });
      return [];
    },
    "is distinct from 'payment_undecided' and (pay_by, order_id) >": (tx, [before, after, id, limit]) =>
      byDeadline(
        t.orders.all(tx).filter((row) => isOpen(row) && row.payBy < (before as Date) && row.reason !== undecidedReason),
        [after, id, limit],
      ),
    "and reason = 'payment_undecided' and (pay_by, order_id) >": (tx, [after, id, limit]) =>
      byDeadline(
        t.orders.all(tx).filter((row) => seen(row).status === "PAYMENT_PENDING" && row.reason === undecidedReason),
        [after, id, limit],
      ),
    "next_offset as next from orders.settled": (tx, [topic]) => t.settled.all(tx).filter((row) => row.topic === topic),
    "update orders.settled s set next_offset = greatest": (tx, [topic, ...places]) => {
      const moved: { partition: number }[] = [];
      for (const [partition, incarnation, from, next, reader] of unnest(...(places as unknown[][]))) {
        const key = nameOfMark({ topic, partition, incarnation } as SettledRow);
        const row = t.settled.lock(tx, key);
        if (!row || row.next < Number(from) || row.reader !== reader) continue;
        t.settled.put(tx, key, { ...row, next: Math.max(row.next, Number(next)) });
        moved.push({ partition: row.partition });
      }
      return moved;
    },
    "update orders.settled set next_offset = $4": (tx, [topic, partition, incarnation, next, reader]) => {
      const row = t.settled.lock(tx, nameOfMark({ topic, partition, incarnation } as SettledRow));
      if (row && row.reader === reader) t.settled.put(tx, nameOfMark(row), { ...row, next: Number(next) });
      return [];
    },
    "insert into orders.settled": (tx, [topic, partition, incarnation, next]) => {
      const row = { topic, partition, incarnation, next: Number(next), reader: 1 } as SettledRow;
      const standing = t.settled.conflict(tx, nameOfMark(row)) && t.settled.lock(tx, nameOfMark(row));
      const taken = standing ? { ...standing, reader: standing.reader + 1 } : row;
      t.settled.put(tx, nameOfMark(row), taken);
      return [{ next: taken.next, reader: taken.reader }];
    },
  };
}

function isBehind(row: RefundRow, askedAt: Date | "-infinity", orderId: string): boolean {
  if (askedAt === "-infinity" || row.askedAt > askedAt) return true;
  return row.askedAt.getTime() === askedAt.getTime() && row.orderId > orderId;
}

function ofOrder(order: OrderRow | undefined) {
  return { productId: order?.productId, quantity: order?.quantity };
}

export { unique };
