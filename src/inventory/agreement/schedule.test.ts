import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openTestDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { until } from "../../../test/support/until.ts";
import { migrate } from "../../engines/sql/migrate.ts";
import { inventorySchema, type Reconciliation } from "../inventory.ts";
import { reconcileProduct } from "./reconcile.ts";
import { createReconciliations } from "./reconciliations.ts";
import { startSchedule } from "./schedule.ts";

const dayMs = 24 * 60 * 60_000;
function report(status: Reconciliation["status"]): Reconciliation {
  return { status, mode: "gatekeeper", products: [] };
}

/** One unit came in, and the gate sells so many. */
function lampWith(sellable: number) {
  const books = {
    totalIn: 1,
    entered: 1,
    committed: 0,
    claimed: 0,
    sold: 0,
    epoch: 1,
    seq: 1,
    availableAfterApplied: 1,
  };
  const counts = {
    releasedCounted: 0,
    soldCounted: 0,
    releasedQueued: 0,
    soldQueued: 0,
    nextChangeAgeMs: null,
    saleVersion: null,
  };
  const gate = { productId: "lamp", open: true, whole: true, epoch: 1, sellable, pending: 0, applied: 1 };
  return reconcileProduct(
    { productId: "lamp", ...books, ...counts },
    { ...gate, oldestMs: null, closing: "", offer: null, sale: null, latched: false },
    "gatekeeper",
    0,
  );
}

function reportOf(product: ReturnType<typeof lampWith>): Reconciliation {
  return { status: product.status, mode: "gatekeeper", products: [product] };
}

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
  await migrate({ url: database.url, modules: [inventorySchema] });
  await database.sql.query("insert into inventory.stock (product_id) values ('lamp')");
});
after(() => database.close());

test("of all processes one reconciles, once a day, and the next day again", async () => {
  const { sql } = database;
  let nowMs = Date.parse("2030-01-01T00:00:00Z");
  const done: number[] = [];
  const start = () => {
    const seen = { turns: 0 };
    const schedule = startSchedule({
      sql,
      everyMs: dayMs,
      reconcile: async () => report("CRITICAL"),
      now() {
        seen.turns += 1;
        return nowMs;
      },
      recall: async () => {},
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

test("a run that died in the middle is repeated the same day", async () => {
  const { sql } = database;
  const diedAtMs = Date.parse("2031-01-01T00:00:00Z");
  await sql.query("insert into inventory.reconciliation (begun_at) values ($1)", [new Date(diedAtMs)]);
  let done = 0;
  const schedule = startSchedule({
    sql,
    everyMs: dayMs,
    reconcile: async () => report("OK"),
    now: () => diedAtMs + 6 * 60_000,
    recall: async () => {},
    onReconciled: () => {
      done += 1;
    },
    onFault: assert.fail,
  });
  await until(() => done === 1);
  await schedule.stop();
});

test("O6: without products there is none, and the first product is compared at the next look", async () => {
  const { sql } = database;
  await sql.query("truncate inventory.reconciliation");
  await sql.query("delete from inventory.stock");
  let looks = 0;
  let done = 0;
  const schedule = startSchedule({
    sql,
    everyMs: dayMs,
    reconcile: async () => report("OK"),
    now: () => Date.parse("2032-01-01T00:00:00Z"),
    async recall() {
      looks += 1;
    },
    onReconciled: () => {
      done += 1;
    },
    onFault: assert.fail,
  });
  await until(() => looks === 1);
  schedule.nudge();
  await until(() => looks === 2);
  assert.equal(done, 0);
  await sql.query("insert into inventory.stock (product_id) values ('lamp')");
  await until(() => {
    schedule.nudge();
    return done === 1;
  });
  await schedule.stop();
});

test("O6: the last result is known after a restart, whichever process it came from", async () => {
  const { sql } = database;
  await sql.query("truncate inventory.reconciliation");
  const nowMs = Date.parse("2033-01-01T00:00:00Z");
  const before = createReconciliations({ sql, now: () => nowMs });
  assert.equal(before.latest(), undefined);
  const drifted = lampWith(16);
  await before.keep(reportOf(drifted));
  const restarted = createReconciliations({ sql, now: () => nowMs + dayMs });
  await restarted.recall();
  assert.deepEqual(restarted.latest(), { products: { OK: 0, WARNING: 0, CRITICAL: 1 }, endedMs: nowMs });
});

test("a result that follows another process's is known to that one, though it is the asked one's own former result", async () => {
  const { sql } = database;
  await sql.query("truncate inventory.reconciliation");
  let nowMs = Date.parse("2035-01-01T00:00:00Z");
  const [one, other] = [
    createReconciliations({ sql, now: () => nowMs }),
    createReconciliations({ sql, now: () => nowMs }),
  ];
  const [fine, drifted] = [lampWith(1), lampWith(16)];
  await one.keep(reportOf(fine));
  nowMs += 10_000;
  await other.keep(reportOf(drifted));
  nowMs += 10_000;
  await one.keep(reportOf(fine));
  await other.recall();
  assert.deepEqual(other.latest(), { products: { OK: 1, WARNING: 0, CRITICAL: 0 }, endedMs: nowMs });
});

test("O28: a result from before the clock was set back does not stand for a later one", async () => {
  const { sql } = database;
  await sql.query("truncate inventory.reconciliation");
  let nowMs = Date.parse("2036-01-01T00:00:00Z");
  const [one, other] = [
    createReconciliations({ sql, now: () => nowMs }),
    createReconciliations({ sql, now: () => nowMs }),
  ];
  await one.keep(reportOf(lampWith(1)));
  await other.recall();
  nowMs -= 3_600_000;
  await one.keep(reportOf(lampWith(16)));
  for (const each of [one, other]) {
    await each.recall();
    assert.deepEqual(each.latest(), { products: { OK: 0, WARNING: 0, CRITICAL: 1 }, endedMs: nowMs });
  }
  nowMs += 30_000;
  await one.keep(reportOf(lampWith(16)));
  const entries = await sql.query("select from inventory.reconciliation");
  assert.equal(entries.length, 2, "the same result is entered once a minute");
});

test("O28: one that began before the clock was set back does not delay the next", async () => {
  const { sql } = database;
  await sql.query("truncate inventory.reconciliation");
  const nowMs = Date.parse("2034-01-01T00:00:00Z");
  await sql.query("insert into inventory.reconciliation (begun_at, ended_at, status) values ($1, $1, 'OK')", [
    new Date(nowMs + 30 * dayMs),
  ]);
  let done = 0;
  const schedule = startSchedule({
    sql,
    everyMs: dayMs,
    reconcile: async () => report("OK"),
    now: () => nowMs,
    recall: async () => {},
    onReconciled: () => {
      done += 1;
    },
    onFault: assert.fail,
  });
  await until(() => done === 1);
  await schedule.stop();
});
