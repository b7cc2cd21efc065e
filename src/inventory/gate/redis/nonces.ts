/** Keeps the boot nonce in the books, where no copy of Redis's data can bring an old one back. */
import type { NonceStore } from "#engines/redis";
import type { Sql } from "#engines/sql";

export function createNonceStore(sql: Sql): NonceStore {
  async function read(): Promise<string | null> {
    const [row] = await sql.query<{ nonce: string | null }>("select nonce from inventory.gate_boot");
    if (!row) throw new Error("inventory.gate_boot has no row: run the migrations");
    return row.nonce;
  }

  return {
    read,
    async replace(previous, next) {
      await sql.query(
        "update inventory.gate_boot set nonce = $2, changed_at = now() where nonce is not distinct from $1::text",
        [previous, next],
      );
      return (await read()) ?? next;
    },
  };
}
