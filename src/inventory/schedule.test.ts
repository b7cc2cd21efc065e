import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { until } from "../../test/support/until.ts";
import { migrate } from "../engines/sql/migrate.ts";
import { inventorySchema, type Reconciliation } from "./inventory.ts";
import { startSchedule } from "./schedule.ts";

const dayMs = 24 * 60 * 60_000;
const report = (status: Reconciliation["status"]): Reconciliation => ({ status, mode: "gatekeeper", products: [] });

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
  await migrate({ url: database.url, modules: [inventorySchema] });
});
after(() => database.close());

test("of all processes one reconciles, once a day, and the next day again", async () => {
  const { sql } = database;
  let nowMs = Date.parse("2030-01-01T00:00:00Z");
  const done: number[] = [];
  const start = () => {
    const seen = { turns: 0 };
    const schedule = startSchedule({
      ...{ sql, everyMs: dayMs, reconcile: async () => report("CRITICAL") },
      now() {
        seen.turns += 1;
        return nowMs;
      },
      onReconciled: ({ status }) => done.push(status === "CRITICAL" ? nowMs : 0),
      onFault: assert.fail,
    });
    return { seen, ...schedule };
  };
  const processes = [start(), start(), start()];
  const turn = async () => {
    const before = processes.map(({ seen }) => seen.turns);
    for (const { nudge } of processes) nudge();
    await until(() => processes.every(({ seen }, i) => seen.turns > (before[i] as number)));
  };
  await until(() => done.length === 1);
  nowMs += dayMs - 1;
  await turn();
  nowMs += 1;
  await turn();
  await until(() => done.length === 2);
  for (const { stop } of processes) await stop();
  assert.equal(done.length, 2);
  const rows = await sql.query("select status from inventory.reconciliation order by begun_at");
  assert.deepEqual(rows, [{ status: "CRITICAL" }, { status: "CRITICAL" }]);
});

test("one that died in the middle does not cost the day", async () => {
  const { sql } = database;
  const diedAtMs = Date.parse("2031-01-01T00:00:00Z");
  await sql.query("insert into inventory.reconciliation (begun_at) values ($1)", [new Date(diedAtMs)]);
  let done = 0;
  const schedule = startSchedule({
    ...{ sql, everyMs: dayMs, reconcile: async () => report("OK"), now: () => diedAtMs + 6 * 60_000 },
    onReconciled: () => {
      done += 1;
    },
    onFault: assert.fail,
  });
  await until(() => done === 1);
  await schedule.stop();
});
