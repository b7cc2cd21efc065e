/**
 * Reads which orders of a product the ledger has of earlier epochs of its gate. No further order joins them, because each epoch
 * fences those before it.
 */
import type { Queryable } from "#engines/sql";
import { type BloomFilter, createBloomFilter } from "#platform/bloom-filter";

export type EarlierOrders = {
  count: number;
  /** An order that is among them is never missed; one that is not may be taken for one of them. */
  mayHave(orderId: string): boolean;
};

const rowsAtOnce = 20_000;

/** undefined if there are more than `atMost`. */
export async function readEarlierOrders(
  sql: Queryable,
  productId: string,
  { beforeEpoch, atMost }: { beforeEpoch: number; atMost: number },
): Promise<EarlierOrders | undefined> {
  const epochs = await sql.query<{ epoch: number; rows: number; first: number; last: number }>(
    `select epoch, count(*)::integer as rows, min(reservation_no) as first, max(reservation_no) as last
       from inventory.stock_ledger where product_id = $1 and epoch < $2 group by epoch order by epoch`,
    [productId, beforeEpoch],
  );
  const count = epochs.reduce((sum, { rows }) => sum + rows, 0);
  if (count > atMost) return undefined;
  const filter = createBloomFilter(count);
  for (const { epoch, first, last } of epochs) {
    // From one row to the next, because a record that no gate made may have any number.
    for (let after: number | null = first - 1; after !== null && after < last; ) {
      after = await addPage(sql, filter, [productId, epoch, after]);
    }
  }
  return {
    count,
    mayHave: (orderId) =>
      filter.mayHave(
        Number.parseInt(orderId.slice(19, 23) + orderId.slice(24, 28), 16),
        Number.parseInt(orderId.slice(28), 16),
      ),
  };
}

/** Returns the number of its last row; null if there is none. */
async function addPage(
  sql: Queryable,
  filter: BloomFilter,
  behind: [productId: string, epoch: number, after: number],
): Promise<number | null> {
  const [page] = await sql.query<{ ends: Buffer | null; last: number | null }>(
    `select string_agg(substring(uuid_send(order_id) from 9), ''::bytea) as ends, max(reservation_no) as last
       from (select order_id, reservation_no from inventory.stock_ledger
              where product_id = $1 and epoch = $2 and reservation_no > $3 order by reservation_no limit $4) as page`,
    [...behind, rowsAtOnce],
  );
  if (page?.ends) addAll(filter, page.ends);
  return page?.last ?? null;
}

/** The last eight bytes of an id are random, or those of a hash; the first six are the product's. */
function addAll(filter: BloomFilter, ends: Buffer): void {
  for (let at = 0; at < ends.length; at += 8) filter.add(ends.readUInt32BE(at), ends.readUInt32BE(at + 4));
}
