/** Twins of the statements that look orders up in the ledger of stock. */
import type { Ledger } from "./inventory.ts";
import type { Twins } from "./statements.ts";
import type { Table } from "./tables.ts";

export function ledgerTwins(t: { ledger: Table<Ledger> }): Twins {
  return {
    "from inventory.stock_ledger where product_id = $1 and epoch < $2 group by epoch": (tx, [id, before]) => {
      const rows = t.ledger.all(tx).filter(({ productId, epoch }) => productId === id && epoch < (before as number));
      return [...Map.groupBy(rows, ({ epoch }) => epoch)]
        .toSorted(([a], [b]) => a - b)
        .map(([epoch, ofEpoch]) => {
          const numbers = ofEpoch.map(({ reservationNo }) => reservationNo);
          return { epoch, rows: ofEpoch.length, first: Math.min(...numbers), last: Math.max(...numbers) };
        });
    },
    "string_agg(substring(uuid_send(order_id) from 9)": (tx, [id, epoch, after, limit]) => {
      const page = t.ledger
        .all(tx)
        .filter((row) => row.productId === id && row.epoch === epoch)
        .filter(({ reservationNo: no }) => no > (after as number))
        .toSorted((a, b) => a.reservationNo - b.reservationNo)
        .slice(0, limit as number);
      const ends = page.map(({ orderId }) => Buffer.from(orderId.replaceAll("-", "").slice(16), "hex"));
      return [{ ends: ends.length > 0 ? Buffer.concat(ends) : null, last: page.at(-1)?.reservationNo ?? null }];
    },
    "from inventory.stock_ledger where order_id = any($1::uuid[]) and fate in": (tx, [orderIds]) =>
      t.ledger
        .all(tx)
        .filter(({ orderId }) => (orderIds as readonly string[]).includes(orderId))
        .map(({ orderId, fate, userId, productId, quantity, decidedAt }) => ({
          orderId,
          fate,
          userId,
          productId,
          quantity,
          decidedAt,
        }))
        .toSorted((a, b) => a.decidedAt.getTime() - b.decidedAt.getTime()),
  };
}
