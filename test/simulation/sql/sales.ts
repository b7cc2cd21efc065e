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
};

type SalesTables = { sale: Table<SaleRow>; ledger: { all(tx: Transaction): { orderId: string; fate: string }[] } };

export function saleTwins(t: SalesTables, now: () => number): Twins {
  return {
    "from inventory.sale where product_id = any": (tx, [ids]) =>
      t.sale
        .all(tx)
        .filter(among(ids))
        .map((row) => ({ ...row, nowMs: now() })),
    "insert into inventory.sale": (tx, values) => {
      const [productId, dropId, opensAt, closesAt, paused, holdMs, version, extensionMs] = values;
      const row = { productId, dropId, opensAt, closesAt, paused, holdMs, version, extensionMs } as SaleRow;
      const standing = t.sale.lock(tx, row.productId);
      if (!standing || standing.version < row.version) t.sale.put(tx, row.productId, row);
      return [];
    },
    "from inventory.sale where extension_ms > 0": (tx, [ids]) =>
      t.sale
        .all(tx)
        .filter(among(ids))
        .filter(({ extensionMs }) => extensionMs > 0)
        .map(({ productId, extensionMs }) => ({ productId, seconds: extensionMs / 1_000 })),
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
