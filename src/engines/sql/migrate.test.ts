import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { openTestDatabase } from "../../../test/support/database.ts";
import { until } from "../../../test/support/until.ts";
import { migrate } from "./migrate.ts";

const { url, sql, close } = await openTestDatabase();
const home = await mkdtemp(join(tmpdir(), "dropgate-migrations-"));
after(async () => {
  await rm(home, { recursive: true, force: true });
  await close();
});

async function moduleOf(schema: string, files: Record<string, string>) {
  const folder = join(home, schema, "migrations [1] {a,b}"); // A name that is also a pattern.
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return { schema, folder: pathToFileURL(`${folder}/`) };
}

function tables(schema: string) {
  return sql
    .query("select table_name as name from information_schema.tables where table_schema = $1 order by 1", [schema])
    .then((rows) => rows.map((row) => row.name));
}

test("missing migrations are applied in order, once, each module's in its own schema", async () => {
  const files = { "001.do.lamps.sql": "create table shop.lamps (id int4);" };
  const shop = await moduleOf("shop", files);
  const stock = await moduleOf("stock", { "001.do.units.sql": "create table stock.units (id int4)" });
  const applied = await migrate({ url, modules: [shop, stock] });
  assert.deepEqual(
    applied.map((path) => basename(path)),
    ["001.do.lamps.sql", "001.do.units.sql"],
  );

  await moduleOf("shop", { "002.do.price.sql": "alter table shop.lamps add price int4; create table shop.prices ();" });
  const next = await migrate({ url, modules: [shop, stock] });
  assert.deepEqual(
    next.map((path) => basename(path)),
    ["002.do.price.sql"],
  );
  assert.deepEqual(await migrate({ url, modules: [shop, stock] }), []);
  assert.deepEqual(await tables("shop"), ["lamps", "prices", "schema_version"]);
  assert.deepEqual(await tables("stock"), ["schema_version", "units"]);
});

test("a file that fails is named with its line, and nothing is applied", async () => {
  const good = await moduleOf("good", { "001.do.good.sql": "create table good.good ();" });
  const bad = await moduleOf("bad", {
    "001.do.first.sql": "create table bad.first ();",
    "002.do.second.sql": "create table bad.second ();\n\ninsert into bad.third values (1);\n",
  });
  const work = migrate({ url, modules: [good, bad] });
  await assert.rejects(
    work,
    /002\.do\.second\.sql:3 failed and nothing was applied: relation "bad.third" does not exist/,
  );
  assert.deepEqual([await tables("good"), await tables("bad")], [[], []]);
});

test("a file that was edited after it was applied is named", async () => {
  const edited = await moduleOf("edited", { "001.do.a.sql": "create table edited.a ();" });
  await migrate({ url, modules: [edited] });
  await moduleOf("edited", { "001.do.a.sql": "create table edited.a (id int4);" });
  await assert.rejects(migrate({ url, modules: [edited] }), /001\.do\.a\.sql was edited after it had been applied/);
});

test("line endings that git changed do not count as an edit", async () => {
  const crlf = await moduleOf("crlf", { "001.do.a.sql": "create table crlf.a\n();\n" });
  await migrate({ url, modules: [crlf] });
  await moduleOf("crlf", { "001.do.a.sql": "create table crlf.a\r\n();\r\n" });
  assert.deepEqual(await migrate({ url, modules: [crlf] }), []);
});

test("numbers with a gap and folders without migrations are refused", async () => {
  const gap = await moduleOf("gap", { "001.do.a.sql": "select 1", "003.do.c.sql": "select 1" });
  await assert.rejects(migrate({ url, modules: [gap] }), /003\.do\.c\.sql should be 002\.do\.<name>\.sql/);
  await assert.rejects(migrate({ url, modules: [await moduleOf("empty", {})] }), /holds no migrations/);
});

test("processes that start at once apply every file once", async () => {
  const files: Record<string, string> = { "001.do.make.sql": "create table racing.runs (n int4);" };
  for (let n = 2; n <= 9; n += 1)
    files[`00${n}.do.run.sql`] = `insert into racing.runs values (${n}); select pg_sleep(0.02);`;
  const racing = await moduleOf("racing", files);
  const script = `
    const { migrate } = await import(${JSON.stringify(new URL("./migrate.ts", import.meta.url).href)});
    const modules = [{ schema: "racing", folder: new URL(${JSON.stringify(racing.folder.href)}) }];
    console.log((await migrate({ url: ${JSON.stringify(url)}, modules })).length);`;
  const start = () => promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script]);
  const counts = (await Promise.all([start(), start(), start()])).map(({ stdout }) => Number(stdout));
  assert.deepEqual(counts.toSorted(), [0, 0, 9]);
  assert.deepEqual(await sql.query("select count(*) as n from racing.runs"), [{ n: 8 }]);
});

const changesBoth = "alter table $.lamps add price int4; alter table $.units add price int4;";

async function lampsAndUnits(schema: string) {
  const files = {
    "001.do.make.sql": `create table ${schema}.lamps (id int4); create table ${schema}.units (id int4);`,
  };
  const module = await moduleOf(schema, files);
  await migrate({ url, modules: [module] });
  await moduleOf(schema, { "002.do.change.sql": changesBoth.replaceAll("$", schema) });
  return module;
}

test("a migration that deadlocks with a process that runs is made once that process has committed", async () => {
  const module = await lampsAndUnits("crossed");
  let migrated: Promise<string[]> | undefined;
  await sql.transaction(async (tx) => {
    await tx.query("set local deadlock_timeout = '1h'"); // So that the migration is the one that gives way.
    await tx.query("insert into crossed.units values (1)");
    migrated = migrate({ url, modules: [module] });
    await until(() => waitsFor("crossed.units"), { withinMs: 10_000, everyMs: 5 });
    await tx.query("insert into crossed.lamps values (1)");
  });
  assert.equal((await migrated)?.length, 1);
  assert.deepEqual(await sql.query("select id, price from crossed.lamps"), [{ id: 1, price: null }]);
});

test("a migration that waits for a lock lets the others go on, and is made once the lock is free", async () => {
  const module = await lampsAndUnits("held");
  let migrated: Promise<string[]> | undefined;
  await sql.transaction(async (tx) => {
    await tx.query("insert into held.units values (1)");
    migrated = migrate({ url, modules: [module] });
    await until(() => waitsFor("held.units"), { withinMs: 10_000, everyMs: 5 });
    await sql.query("insert into held.lamps values (1)"); // It waits at most 5 s for the migration's lock.
    await sql.query("insert into held.units values (2)");
  });
  assert.equal((await migrated)?.length, 1);
  assert.deepEqual(await sql.query("select id, price from held.units order by 1"), [
    { id: 1, price: null },
    { id: 2, price: null },
  ]);
});

test("the locks of a migrating process that stops in the middle are free within seconds, and another one migrates", async () => {
  const module = await lampsAndUnits("stopped");
  const script = `
    const { migrate } = await import(${JSON.stringify(new URL("./migrate.ts", import.meta.url).href)});
    const modules = [{ schema: "stopped", folder: new URL(${JSON.stringify(module.folder.href)}) }];
    await migrate({ url: ${JSON.stringify(url)}, modules });`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script]);
  const ended = once(child, "close");
  try {
    await sql.transaction(async (tx) => {
      await tx.query("insert into stopped.units values (1)");
      await until(() => waitsFor("stopped.units"), { withinMs: 30_000, everyMs: 5 });
      child.kill("SIGSTOP");
    });
    assert.equal((await migrate({ url, modules: [module] })).length, 1);
  } finally {
    child.kill("SIGCONT");
    await ended;
  }
});

test("limits of time that the user's statements have do not end a migration", async () => {
  const limited = new URL(url);
  limited.searchParams.set("options", "-c statement_timeout=50");
  const slow = await moduleOf("slow", { "001.do.slow.sql": "select pg_sleep(0.2);" });
  assert.equal((await migrate({ url: limited.href, modules: [slow] })).length, 1);
});

async function waitsFor(table: string) {
  const text = "select 1 from pg_locks where relation = $1::regclass and not granted";
  return (await sql.query(text, [table])).length > 0;
}

test("O15: a schema of a later program is refused with both versions, and nothing is changed", async () => {
  const now = await moduleOf("later", { "001.do.a.sql": "create table later.a ();" });
  await migrate({ url, modules: [now] });
  await sql.query("insert into later.schema_version (version, name) values (2, 'from a later program')");
  const beside = await moduleOf("beside", { "001.do.a.sql": "create table beside.a ();" });
  await assert.rejects(
    migrate({ url, modules: [beside, now] }),
    /the schema later is at version 2, and this program \(Dropgate \d+\.\d+\.\d+\) knows it up to version 1: a later program/,
  );
  assert.deepEqual(await tables("beside"), []);
});
