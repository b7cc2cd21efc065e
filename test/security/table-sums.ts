/** Sums up every table of the database, so that a test sees whether a request has changed anything. */
import type { Sql } from "#engines/sql";

const schemas = [
  "catalog",
  "inventory",
  "drops",
  "room",
  "orders",
  "payment",
  "payment_simulator",
  "identity",
  "mail",
  "notifications",
  "desk",
  "warehouse",
  "event_log",
  "dbos",
];

/** The one counts the requests themselves, and the other has the acts of an ADMIN: the refused ones too. */
const unsummed = ["orders.pulse", "identity.audit"];

/** Returns a checksum of all rows for every table: an equal sum means unchanged. */
export async function createTableSums(sql: Sql): Promise<() => Promise<Map<string, string>>> {
  // Otherwise the first daily reconciliation is due a minute after the start, and its row is no request's change.
  await sql.query(
    `insert into inventory.reconciliation
       (begun_at, ended_at, status, products_ok, products_warning, products_critical)
     values (now(), now(), 'OK', 0, 0, 0)`,
  );
  return async () => {
    const tables = await sql.query<{ name: string }>(
      `select table_schema || '.' || table_name as name from information_schema.tables
       where table_schema = any ($1) and table_type = 'BASE TABLE' and table_schema || '.' || table_name <> all ($2)
       order by 1`,
      [schemas, unsummed],
    );
    const sums = new Map<string, string>();
    for (const { name } of tables) {
      // The name comes from the database's catalog.
      const [row] = await sql.query<{ sum: string | null }>(
        `select md5(string_agg(md5(t::text), '' order by md5(t::text))) as sum from ${name} t`,
      );
      sums.set(name, row?.sum ?? "empty");
    }
    return sums;
  };
}
