/** Twins of the statements about the sales of products in drops. */
import type { Twins } from "./statements.ts";
import type { Table, Transaction } from "./tables.ts";

export type SaleRow = {
  productId: string;
  dropId: string;
  opensAt: Date;
  closesAt: Date;
  paused: boolean;
  holdMs: number;
  version: number;
  extensionMs: number;
  entry: "open" | "pass";
  latchAfterSoldOut: boolean;
  limitPerPerson: number | null;
};
export type RetiredRow = { orderId: string; productId: string; untilMs: number };

type Rows<R> = { all(tx: Transaction): R[] };
type SalesTables = {
  sale: Table<SaleRow>;
  retired: Table<RetiredRow>;
  stream: Rows<{ productId: string; availableAfter: number; writtenAtMs: number }>;
  ledger: Rows<{ orderId: string; fate: string }>;
  stock: Rows<{ productId: string; totalIn: number; committed: number; sold: number }>;
  queue: Rows<{ productId: string; outcome: string; quantity: number }>;
  mode: Rows<{ mode: string; ready: boolean }>;
};

export function saleTwins(t: SalesTables, now: () => number): Twins {
  return {
    "from inventory.sale where product_id = any": (tx, [ids]) =>
      t.sale
        .all(tx)
        .filter(among(ids))
        .map(({ extensionMs: _, ...row }) => ({ ...row, nowMs: now() })),
    "insert into inventory.sale": (tx, values) => {
      const [productId, dropId, opensAt, closesAt, paused, holdMs, version, ...people] = values;
      const [extensionMs, entry, latchAfterSoldOut, limitPerPerson] = people;
      const terms = { productId, dropId, opensAt, closesAt, paused, holdMs, version, extensionMs };
      const row = { ...terms, entry, latchAfterSoldOut, limitPerPerson } as SaleRow;
      const standing = t.sale.lock(tx, row.productId);
      if (!standing || standing.version < row.version) t.sale.put(tx, row.productId, row);
      return [];
    },
    'select product_id as "productId", drop_id as "dropId" from inventory.sale s': (tx, [ids]) =>
      t.sale
        .all(tx)
        .filter(among(ids))
        .filter(({ latchAfterSoldOut, opensAt }) => latchAfterSoldOut && opensAt.getTime() <= now())
        .filter(({ productId, opensAt }) =>
          t.stream
            .all(tx)
            .some(
              (row) => row.productId === productId && row.availableAfter === 0 && row.writtenAtMs >= opensAt.getTime(),
            ),
        )
        .map(({ productId, dropId }) => ({ productId, dropId })),
    "delete from inventory.retired_key where until_ms < $1": (tx, [before]) => {
      for (const { orderId, untilMs } of t.retired.all(tx))
        if (untilMs < Number(before)) t.retired.put(tx, orderId, undefined);
      return [];
    },
    "insert into inventory.retired_key": (tx, values) => {
      const [orderId, productId, untilMs] = values as [string, string, number];
      if (!t.retired.conflict(tx, orderId)) t.retired.put(tx, orderId, { orderId, productId, untilMs });
      return [];
    },
    "from inventory.retired_key where product_id = any": (tx, [ids]) =>
      Array.from(
        Map.groupBy(t.retired.all(tx).filter(among(ids)), ({ productId }) => productId),
        ([productId, rows]) => ({ productId, keys: rows.map(({ orderId, untilMs }) => [orderId, untilMs]) }),
      ),
    "from inventory.retired_key where order_id = any": (tx, [orderIds]) =>
      t.retired
        .all(tx)
        .filter(({ orderId }) => (orderIds as readonly string[]).includes(orderId))
        .map(({ orderId }) => ({ orderId })),
    "from inventory.sale where extension_ms > 0": (tx, [ids]) =>
      t.sale
        .all(tx)
        .filter(among(ids))
        .filter(({ extensionMs }) => extensionMs > 0)
        .map(({ productId, extensionMs }) => ({ productId, seconds: extensionMs / 1_000 })),
    "s.total_in - s.committed as available, s.committed - s.sold - q.sold as unsold": (tx, [ids]) =>
      t.stock
        .all(tx)
        .filter(among(ids))
        .map(({ productId, totalIn, committed, sold }) => {
          const queued = t.queue.all(tx).filter((row) => row.productId === productId && row.outcome === "sold");
          const all = sold + queued.reduce((sum, { quantity }) => sum + quantity, 0);
          const gateDecides = t.mode.all(tx)[0]?.mode === "gatekeeper";
          return { productId, available: totalIn - committed, unsold: committed - all, sold: all, gateDecides };
        }),
    "s.total_in - s.committed as free from inventory.gate_mode": (tx, [ids]) => {
      const [mode] = t.mode.all(tx);
      return mode?.mode === "sync" && mode.ready
        ? t.stock
            .all(tx)
            .filter(among(ids))
            .map(({ productId, totalIn, committed }) => ({ productId, free: totalIn - committed }))
        : [];
    },
    'select order_id as "orderId" from inventory.stock_ledger where order_id = any($1::uuid[])': (tx, [orderIds]) =>
      t.ledger
        .all(tx)
        .filter(
          ({ orderId, fate }) =>
            (orderIds as readonly string[]).includes(orderId) && (fate === "claimed" || fate === "refused"),
        )
        .map(({ orderId }) => ({ orderId })),
  };
}

function among(ids: unknown) {
  return ({ productId }: { productId: string }) => (ids as readonly string[]).includes(productId);
}
