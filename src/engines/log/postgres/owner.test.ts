import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { createLog } from "#platform/log";
import { openTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { until } from "../../../../test/support/until.ts";
import { migrate } from "../../sql/migrate.ts";
import { AppendFailed, type EventLog } from "../log.ts";
import { eventLogSchema, openPostgresLog } from "./postgres.ts";

const silent = createLog({ level: "silent" });
const lamp = { key: "lamp", value: Buffer.from("lamp-1") };

type Closing = { closing: AsyncDisposableStack };

async function openDatabase(t: TestContext): Promise<TestDatabase & Closing> {
  const closing = new AsyncDisposableStack();
  t.after(() => closing.disposeAsync());
  const database = await openTestDatabase();
  closing.defer(() => database.close());
  await migrate({ url: database.url, modules: [eventLogSchema] });
  return { ...database, closing };
}

async function openLog({ sql, url, closing }: TestDatabase & Closing): Promise<EventLog> {
  const log = await openPostgresLog({ sql, url, log: silent });
  closing.defer(() => log.close());
  await log.ensureTopics([{ name: "orders", partitions: 1 }]);
  return log;
}

test("a second process is refused, and the error names the one that appends", async (t) => {
  const database = await openDatabase(t);
  await openLog(database);
  await assert.rejects(
    openPostgresLog({ sql: database.sql, url: database.url, log: silent }),
    new RegExp(`another process \\(dropgate event log, pid ${process.pid} .*KAFKA_BOOTSTRAP`),
  );
});

test("an owner that loses its session takes the lock again", async (t) => {
  const database = await openDatabase(t);
  const log = await openLog(database);
  await endSession(database);
  await until(() => log.append("orders", [lamp]).then(() => true));
  await until(async () => (await database.sql.query(selectHolders)).length === 1);
});

test("an owner of an earlier epoch stores nothing, reports it, and stops consuming", async (t) => {
  const database = await openDatabase(t);
  const log = await openLog(database);
  await log.append("orders", [lamp]);
  await database.sql.query("update event_log.owner set epoch = epoch + 1");
  await assert.rejects(log.append("orders", [lamp]), (error) => {
    assert.ok(error instanceof AppendFailed);
    assert.equal(error.handedOver, false);
    assert.match(String(error.cause), /another process has taken over.*epoch is 2, ours 1/);
    return true;
  });
  assert.equal((await log.endOffsets("orders")).get(0), 1n);
  const consume = () => log.consume({ topic: "orders", group: "late", maxRecords: 1, async handle() {} });
  await until(() =>
    consume().then(
      () => false,
      (error) => /taken over/.test(error.message),
    ),
  );
});

test("a former owner that wakes up after a take-over appends nothing more", async (t) => {
  const database = await openDatabase(t);
  await (await openLog(database)).close();
  const { child, said } = startChild(t, database);
  await until(() => said.length >= 10);
  child.kill("SIGSTOP");
  await endSession(database);
  const log = await openLog(database);
  const takenOverAt = (await log.endOffsets("orders")).get(0) as bigint;
  await log.append("orders", [lamp]);
  child.kill("SIGCONT");
  await once(child, "close");
  assert.match(said.at(-1) as string, /another process has taken over/);
  await log.append("orders", [lamp]);
  assert.equal((await log.endOffsets("orders")).get(0), takenOverAt + 2n);
});

test("everything that a killed owner acknowledged is there, and the log opens again at once", async (t) => {
  const database = await openDatabase(t);
  await (await openLog(database)).close();
  const { child, said } = startChild(t, database);
  await until(() => said.length >= 100);
  child.kill("SIGKILL");
  await once(child, "close");
  const log = await openLog(database);
  const found: string[] = [];
  await log.consume({
    topic: "orders",
    group: "after",
    maxRecords: 1_000,
    async handle({ records }) {
      found.push(...records.map((record) => record.value.toString()));
    },
  });
  await until(() => found.length >= said.length);
  assert.deepEqual(found.slice(0, said.length), said);
  assert.ok(found.length <= said.length + 1, "the answer to one append was not awaited");
});

function startChild(t: TestContext, { url }: TestDatabase): { child: ChildProcess; said: string[] } {
  const program = fileURLToPath(new URL("./appending.child.ts", import.meta.url));
  const child = spawn(process.execPath, [program, url], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const said: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => said.push(line));
  return { child, said };
}

async function endSession({ sql }: TestDatabase): Promise<void> {
  await sql.query(`select pg_terminate_backend(pid, 5000) from (${selectHolders}) as holder`);
}

const selectHolders = `
  select pid
  from pg_locks
  where locktype = 'advisory' and granted
    and database = (select oid from pg_database where datname = current_database())`;
