/**
 * Compares the tables in memory with PostgreSQL itself: every statement of a schedule, in the order in which it took
 * effect, is sent to PostgreSQL afterwards, transaction by transaction, and must get the same answer.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inspect } from "node:util";
import pg from "pg";
import { inventorySchema } from "#inventory";
import { ordersSchema } from "#orders";
import { paymentSchema } from "#payment";
import { roomSchema } from "#room";
import { connectionSettings } from "../../../src/engines/sql/connection.ts";
import { migrate } from "../../../src/engines/sql/migrate.ts";
import { openTestDatabase, type TestDatabase } from "../../support/database.ts";
import { runSchedule } from "../schedule.ts";
import type { Answer, Recorded } from "./record.ts";
import type { Transaction } from "./tables.ts";

/** In the last two people exchange passes. */
const seeds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 24, 48];

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
  await migrate({ url: database.url, modules: [inventorySchema, ordersSchema, paymentSchema, roomSchema] });
});
after(() => database?.close());

test("PostgreSQL answers every statement of a schedule as its twin does", async (t) => {
  let statements = 0;
  for (const seed of seeds) {
    await empty();
    const recorded: [Recorded, Transaction][] = [];
    const { violation } = await runSchedule({ seed, record: (...one) => recorded.push(one) });
    assert.equal(violation, undefined, `seed ${seed}`);
    statements += await replay(recorded, `seed ${seed}`);
  }
  t.diagnostic(`${statements} statements in ${seeds.length} schedules`);
});

async function empty(): Promise<void> {
  const months = await database.sql.query<{ name: string }>(
    "select inhrelid::regclass::text as name from pg_inherits where inhparent = 'orders.past'::regclass",
  );
  for (const { name } of months) await database.sql.query(`drop table ${name}`);
  const tables = await database.sql.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
      where schemaname in ('inventory', 'orders', 'payment', 'room') and tablename not in ('gate_mode', 'gate_boot')
        and tablename not like '%schema%'`,
  );
  await database.sql.query(`truncate ${tables.map(({ name }) => name).join(", ")} restart identity`);
  await database.sql.query(
    "update inventory.gate_mode set mode = 'gatekeeper', ready = true, version = 1, changed_by = 'migration'",
  );
}

/** Returns how many statements were compared. */
async function replay(recorded: readonly [Recorded, Transaction][], where: string): Promise<number> {
  const free: pg.Client[] = [];
  const all: pg.Client[] = [];
  const busy = new Map<Transaction, pg.Client>();
  let compared = 0;

  async function clientOf(transaction: Transaction): Promise<pg.Client> {
    const known = busy.get(transaction);
    if (known) return known;
    const client = free.pop() ?? new pg.Client(connectionSettings(database.url, "twins"));
    if (!all.includes(client)) {
      all.push(client);
      await client.connect();
      // A statement whose twin did not wait must not wait either.
      await client.query("set lock_timeout = '2s'");
    }
    busy.set(transaction, client);
    await client.query("begin");
    return client;
  }

  try {
    for (const [one, transaction] of recorded) {
      if (one.kind === "statement") {
        const client = await clientOf(transaction);
        const real = await client.query(one.text, one.values as unknown[]).then(
          ({ rows }): Answer => ({ rows }),
          (error): Answer => ({ code: error.code }),
        );
        if (own.test(one.name)) continue;
        assert.deepEqual(shown(one.answer, real), shown(real, real), `${where}: ${one.text}\n${inspect(one.values)}`);
        compared += 1;
        continue;
      }
      const client = busy.get(transaction);
      if (!client) continue;
      await client.query(one.committed ? "commit" : "rollback");
      busy.delete(transaction);
      free.push(client);
    }
  } finally {
    for (const client of all) await client.end();
  }
  return compared;
}

/** Statements whose answer depends on how PostgreSQL numbers its transactions, or on its clock. */
const own = /written_in >= \$1|as position|from inventory.sale s/;
const ownTimes = new Set(["decidedAt", "changedAt", "nextChangeAgeMs", "nowMs", "?column?"]);

/** PostgreSQL's answer, sorted if the statement has no order. */
function shown(answer: Answer, real: Answer): unknown {
  if ("code" in answer || "code" in real) return answer;
  const names = Object.keys(real.rows[0] ?? {}).filter((name) => !ownTimes.has(name));
  const rows = answer.rows.map((row) =>
    names.map((name) => inAnyOrder((row as Record<string, unknown>)[name] ?? null)),
  );
  return rows.map((row) => JSON.stringify(row, byName)).toSorted();
}

/** A customer's units are aggregated in the order of the rows on disk, which an update changes. */
function inAnyOrder(value: unknown): unknown {
  // A copy of a Buffer is none.
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  return Array.isArray(value) && Array.isArray(value[0]) ? value.toSorted() : value;
}

/** PostgreSQL keeps the keys of jsonb in an order of its own. */
function byName(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
