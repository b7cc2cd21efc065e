/** Keeps the boot nonces in the books, where no copy of Redis's data can bring an old one back. */
import type { NonceStore } from "#engines/redis";
import type { Sql } from "#engines/sql";

/** A server that is in no cluster has the one row of `gate_boot`; each node of a cluster has a row of `gate_node_boot`. */
export function createNonceStore(sql: Sql): NonceStore {
  async function read(node: string): Promise<string | null> {
    if (node !== "") {
      const statement = "select nonce from inventory.gate_node_boot where node = $1";
      return (await sql.query<{ nonce: string }>(statement, [node]))[0]?.nonce ?? null;
    }
    const [row] = await sql.query<{ nonce: string | null }>("select nonce from inventory.gate_boot");
    if (!row) throw new Error("inventory.gate_boot has no row: run the migrations");
    return row.nonce;
  }

  return {
    read,
    async replace(node, previous, next) {
      if (node === "") {
        await sql.query(
          "update inventory.gate_boot set nonce = $2, changed_at = now() where nonce is not distinct from $1::text",
          [previous, next],
        );
      } else {
        await sql.query(replaceOfNode, [node, previous, next]);
      }
      return (await read(node)) ?? next;
    },
  };
}

const replaceOfNode = `
  insert into inventory.gate_node_boot as boot (node, nonce) values ($1, $3)
  on conflict (node) do update set nonce = excluded.nonce, changed_at = now()
    where boot.nonce is not distinct from $2::text`;
