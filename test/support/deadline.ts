/** Moves what would otherwise be a short wait: the deadline of one order, and the verdict of the simulated bank. */
import assert from "node:assert/strict";
import pg from "pg";

type Shop = { databaseUrl: string };

/**
 * Moves the end of the order's time to pay to now, or to so many milliseconds from now, in the books and in payment. A
 * window of a few seconds would end before the test has paid on a busy machine.
 */
export function endTimeToPay({ databaseUrl }: Shop, orderId: string, leftMs = 0): Promise<string> {
  return withClient(databaseUrl, async (client) => {
    const { rows } = await client.query<{ payBy: Date }>(
      `with due as (
         update orders.orders
            set pay_by = date_trunc('milliseconds', clock_timestamp()) + $2 * interval '1 millisecond'
          where order_id = $1 returning pay_by
       ), intent as (
         update payment.intent set pay_by = due.pay_by from due where order_id = $1
       )
       select pay_by as "payBy" from due`,
      [orderId, leftMs],
    );
    assert.ok(rows[0], `order ${orderId} is not in the books`);
    return rows[0].payBy.toISOString();
  });
}

/** Until when an attempt to pay the order may go on, as payment knows it. */
export function timeToPayIn({ databaseUrl }: Shop, orderId: string): Promise<string | undefined> {
  return withClient(databaseUrl, async (client) => {
    const { rows } = await client.query<{ payBy: Date }>(
      'select pay_by as "payBy" from payment.intent where order_id = $1',
      [orderId],
    );
    return rows[0]?.payBy.toISOString();
  });
}

/** Payment has an earlier deadline than the order: a process died right after it extended the order. */
export async function forgetExtension({ databaseUrl }: Shop, orderId: string): Promise<void> {
  await withClient(databaseUrl, (client) =>
    client.query("update payment.intent set pay_by = now() - interval '1 second' where order_id = $1", [orderId]),
  );
}

/** The bank decides the order's payment now. */
export async function decideNow(shop: Shop, orderId: string): Promise<void> {
  await setResultAt(shop, orderId, "epoch");
}

/** The bank decides the order's payment when the test says so, and not after its five seconds. */
export async function holdDecision(shop: Shop, orderId: string): Promise<void> {
  assert.equal(await setResultAt(shop, orderId, "9999-01-01"), 1, `the bank has no open charge of order ${orderId}`);
}

function setResultAt({ databaseUrl }: Shop, orderId: string, at: string): Promise<number | null> {
  return withClient(databaseUrl, async (client) => {
    const { rowCount } = await client.query(
      `update payment_simulator.charge set result_at = $2
        where status = 'processing' and payment_id in (select payment_id::text from payment.payment where order_id = $1)`,
      [orderId, at],
    );
    return rowCount;
  });
}

async function withClient<T>(connectionString: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
