/** Renders docs/schema.sql: the schema that the migrations of all modules make together, for review. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase, openEngines } from "#engines/open";
import { createLog } from "#platform/log";
import { schemas } from "../src/main.ts";

type Table = {
  name: string;
  lines: string[];
  indexes: string[];
  partitionedBy: string | null;
  partitionOf: string | null;
};

/** Runs the migrations on an embedded server of its own. */
export async function dumpSchema(): Promise<string> {
  const log = createLog({ level: "silent" });
  await using resources = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), "dropgate-schema-"));
  resources.defer(() => rm(dataDir, { recursive: true, force: true }));
  const database = await openDatabase({ dataDir, databaseUrl: undefined }, log);
  resources.defer(database.stop);
  const settings = {
    redis: undefined,
    kafka: undefined,
    temporal: undefined,
    smtp: undefined,
    drand: undefined,
    secret: "",
    shared: [],
    databaseUrls: {},
    topics: [],
    consumed: [],
    shopName: "",
    terms: [],
    alone: "a dump",
  };
  const engines = await openEngines(settings, database, schemas, log);
  resources.defer(engines.close);
  const tables = await engines.sql("schema dump", 1).query<Table>(selectTables);
  return `-- Generated from the migrations; do not edit. The engines' own tables (DBOS) are not in it.\n\n${tables.map(textOf).join("\n")}`;
}

function textOf({ name, lines, indexes, partitionedBy, partitionOf }: Table): string {
  const body = lines.map((line) => `  ${line}`).join(",\n");
  const of = partitionOf === null ? "" : ` -- a partition of ${partitionOf}`;
  const by = partitionedBy === null ? "" : ` partition by ${partitionedBy}`;
  return [`create table ${name} (${of}`, body, `)${by};`, ...indexes.map((index) => `${index};`), ""].join("\n");
}

const selectTables = `
  select format('%s.%s', n.nspname, c.relname) as name,
    array(
      select line from (
        select 0 as part, a.attnum::text as place,
          concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod),
            case when a.attidentity = 'a' then 'generated always as identity' end,
            case when a.attnotnull then 'not null' end,
            'default ' || pg_get_expr(d.adbin, d.adrelid)) as line, a.attnum as column_number
        from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        union all
        select 1, o.conname, format('constraint %s %s', o.conname, pg_get_constraintdef(o.oid)), 0
        from pg_constraint o where o.conrelid = c.oid and o.contype in ('p', 'u', 'f', 'c')
      ) as lines order by part, column_number, place) as lines,
    array(
      select pg_get_indexdef(i.indexrelid) from pg_index i
      where i.indrelid = c.oid and not exists (select from pg_constraint o where o.conindid = i.indexrelid)
      order by 1) as indexes,
    case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end as "partitionedBy",
    (select format('%s %s', p.inhparent::regclass, pg_get_expr(c.relpartbound, c.oid))
       from pg_inherits p where p.inhrelid = c.oid) as "partitionOf"
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema', 'public')
    and c.relname <> 'schema_version'
  order by 1`;
