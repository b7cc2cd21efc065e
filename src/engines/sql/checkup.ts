/** Looks a PostgreSQL server over. Reads only. */
import { program } from "#platform/program";
import { clockOf, type Finding, fault, ok, warning } from "../finding.ts";
import { fileCount, type ModuleSchema } from "./migrate.ts";
import { openSql } from "./postgres.ts";
import type { Sql } from "./sql.ts";

const oldestVersion = 150_000;
const longTransactionS = 300;
/** Of all connections that the server allows. */
const busyShare = 0.9;

export type DatabaseUse = {
  /** "PostgreSQL", or with the module that has a database of its own. */
  about: string;
  url: string;
  /** The schemas that belong into this database. */
  schemas: readonly ModuleSchema[];
};

/** @throws if the server does not answer, with the setting to look at. */
export async function checkDatabase({ about, url, schemas }: DatabaseUse): Promise<Finding[]> {
  const sql = openSql({ url, maxConnections: 1, applicationName: "doctor" });
  try {
    return [
      ...(await checkServer(sql, about)),
      await clockOf(about, async () => (await one<{ ms: number }>(sql, clock)).ms),
      ...(await checkSchemas(sql, about, schemas)),
      ...(await checkIndexes(sql, about)),
      ...(await checkSessions(sql, about)),
    ];
  } finally {
    await sql.close();
  }
}

const clock = "select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms";

async function checkServer(sql: Sql, about: string): Promise<Finding[]> {
  const server = await one<{ version: string; number: number; readOnly: boolean; lax: string[] }>(
    sql,
    `select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
            pg_is_in_recovery() or current_setting('transaction_read_only')::boolean as "readOnly",
            array(select name from pg_settings
                   where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off') as lax`,
  );
  const says = `version ${server.version}, answers`;
  if (server.number < oldestVersion) return [fault(about, `${says}, and is too old`, "install PostgreSQL 15 or later")];
  if (server.readOnly)
    return [fault(about, `${says}, and takes no writes: it is a replica or read-only`, "set its URL to the primary")];
  const mend = "set it to on in postgresql.conf; an accepted order must survive a power loss";
  return [
    ok(about, `${says} and takes writes`),
    ...server.lax.map((setting) => fault(about, `its ${setting} is off`, mend)),
  ];
}

async function checkSchemas(sql: Sql, about: string, schemas: readonly ModuleSchema[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { schema, folder } of schemas) {
    const known = await fileCount(folder);
    const table = `${schema}.schema_version`;
    const [there] = await sql.query<{ found: boolean }>("select to_regclass($1) is not null as found", [table]);
    const [at] = there?.found
      ? await sql.query<{ version: number }>(`select coalesce(max(version), 0)::int as version from ${table}`)
      : [];
    const version = at?.version ?? 0;
    const name = `${about}, schema ${schema}`;
    if (version > known) {
      const mend = "start the version of the program that was here, or restore the backup from before it";
      findings.push(fault(name, `is at version ${version}, and this program knows ${known}`, mend));
    } else if (version < known) {
      const mend = `run \`${program.name} migrate\`, or start a process of this version`;
      findings.push(warning(name, `is at version ${version} of ${known}`, mend));
    }
  }
  if (findings.length > 0) return findings;
  return [ok(about, `all ${schemas.length} schemas are at the version of this program`)];
}

/** `create index concurrently` leaves an index behind that is not used when it fails. */
async function checkIndexes(sql: Sql, about: string): Promise<Finding[]> {
  const invalid = await sql.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name
       from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
      where not i.indisvalid order by 1`,
  );
  if (invalid.length === 0) return [ok(about, "all indexes are valid")];
  return invalid.map(({ name }) =>
    fault(about, `the index ${name} is not valid, so no query uses it`, `reindex index concurrently ${name}`),
  );
}

async function checkSessions(sql: Sql, about: string): Promise<Finding[]> {
  const { used, allowed } = await one<{ used: number; allowed: number }>(
    sql,
    `select count(*) filter (where backend_type = 'client backend')::int as used,
            current_setting('max_connections')::int as allowed from pg_stat_activity`,
  );
  const long = await sql.query<{ pid: number; who: string; seconds: number }>(
    `select pid, coalesce(nullif(application_name, ''), usename, 'unknown') as who,
            extract(epoch from now() - xact_start)::int as seconds
       from pg_stat_activity
      where xact_start < now() - make_interval(secs => $1) and backend_type = 'client backend' order by xact_start`,
    [longTransactionS],
  );
  const says = `${used} of ${allowed} connections are used`;
  const mend = "raise max_connections, or run fewer processes";
  return [
    used > busyShare * allowed ? warning(about, says, mend) : ok(about, says),
    ...long.map(({ pid, who, seconds }) =>
      warning(
        about,
        `a transaction of ${who} (process ${pid}) is open for ${seconds} s, and keeps dead rows from being removed`,
        `end it: select pg_terminate_backend(${pid})`,
      ),
    ),
  ];
}

async function one<Row extends Record<string, unknown>>(sql: Sql, text: string): Promise<Row> {
  const [row] = await sql.query<Row>(text);
  if (!row) throw new Error("PostgreSQL answered no row");
  return row;
}
