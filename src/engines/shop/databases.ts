/**
 * Names the database of each module as a setting that the living processes of a shop must share: with two of them there
 * would be two books.
 */
import { isRefusal, type Sql } from "../sql/sql.ts";
import type { SharedSetting } from "./shared-settings.ts";

/**
 * `byUrl`: the schemas that each database has; `named` may have one of their own. Addresses may differ and lead to one
 * database, so its own id is compared.
 */
export async function databasesOf(
  byUrl: ReadonlyMap<string, readonly { schema: string }[]>,
  named: readonly string[],
  open: (url: string) => Sql,
): Promise<SharedSetting[]> {
  const found = await Promise.all(
    Array.from(byUrl, async ([url, schemas]) => {
      const identity = await identityOf(url, open(url));
      if (!identity) return [];
      const { id, shown } = identity;
      const settable = schemas.filter(({ schema }) => named.includes(schema));
      return settable.map(({ schema }) => ({
        part: `database of ${schema}`,
        setting: `${schema.toUpperCase()}_DATABASE_URL`,
        value: id,
        shown,
        isSecret: false,
        harm: "each would write books of its own, which the other does not read",
      }));
    }),
  );
  return found.flat();
}

/**
 * A standby that becomes the primary keeps the id; a copy that is restored from a dump gets another one. Undefined if the
 * server tells it to its administrators alone: then nothing is compared.
 */
async function identityOf(url: string, sql: Sql): Promise<{ id: string; shown: string } | undefined> {
  try {
    const [row] = await sql.query<{ id: string; name: string }>(
      `select system_identifier || ' ' || pg_database.oid as id, datname as name
         from pg_control_system(), pg_database where datname = current_database()`,
    );
    if (!row) throw new Error("PostgreSQL does not name its own database");
    const { host, searchParams } = new URL(url);
    return { id: row.id, shown: `${row.name} at ${searchParams.get("host") ?? host}` };
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  } finally {
    await sql.close();
  }
}
