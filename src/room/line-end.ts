/**
 * Ends the line of a drop. The line may not have heard of an order, and `served.txt` is compared with the orders of the
 * books. So at the end the books are asked about each pass that is not spent. Passes without an order lapse with the line;
 * one whose order is heard of later is spent all the same.
 */
import type { Sql } from "#engines/sql";
import type { Inventory } from "#inventory";
import { endPasses, spendPasses } from "./pass-rows.ts";
import { closeRoom } from "./room-rows.ts";

const askedAtOnce = 1_000;

export async function endLine(
  { sql, fatesOf }: { sql: Sql } & Pick<Inventory["books"]["ledger"], "fatesOf">,
  dropId: string,
  at: Date,
): Promise<void> {
  const unspent = await sql.query<{ orderId: string }>(
    `select order_id as "orderId" from room.pass where drop_id = $1 and state <> 'spent'`,
    [dropId],
  );
  for (let i = 0; i < unspent.length; i += askedAtOnce) {
    const fates = await fatesOf(unspent.slice(i, i + askedAtOnce).map(({ orderId }) => orderId));
    const claimed = fates.filter(({ fate }) => fate === "claimed");
    if (claimed.length > 0) await spendPasses(sql, claimed, at);
  }
  await endPasses(sql, dropId);
  await closeRoom(sql, dropId, at);
}
