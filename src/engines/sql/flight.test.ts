/** Statements that go to PostgreSQL together, and how their parameters are written. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { openTestDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { seeded } from "../../../test/support/seeded.ts";

describe("statements that go together", () => {
  let database: TestDatabase;
  before(async () => {
    database = await openTestDatabase();
    await database.sql.query("create table kept (id integer primary key)");
  });
  after(() => database.close());

  const insert = "insert into kept values ($1::int) returning id";
  const kept = async () =>
    (await database.sql.query<{ id: number }>("select id from kept order by id")).map(({ id }) => id);

  test("run in the order of the calls, and each gets its own rows", async () => {
    const answers = await database.sql.transaction((tx) =>
      Promise.all([
        tx.query(insert, [1]),
        tx.query("select id from kept"),
        tx.query("delete from kept"),
        tx.query(insert, [2]),
        tx.query("select id from kept"),
      ]),
    );
    assert.deepEqual(answers, [[{ id: 1 }], [{ id: 1 }], [], [{ id: 2 }], [{ id: 2 }]]);
    assert.deepEqual(await kept(), [2]);
  });

  test("end with the one that fails, and nothing of their transaction stays", async () => {
    const errors: string[] = [];
    const noting = (error: Error) => void errors.push(error.message);
    const work = database.sql.transaction(async (tx) => {
      const together = [tx.query(insert, [3]), tx.query(insert, [2]), tx.query("select 1 / 0")];
      await Promise.all(together.map((one) => one.catch(noting)));
      await tx.query(insert, [4]);
    });
    await assert.rejects(work, /current transaction is aborted/);
    assert.deepEqual(new Set(errors).size, 1);
    assert.match(errors[0] ?? "", /duplicate key/);
    assert.deepEqual(await kept(), [2]);
    assert.deepEqual(await database.sql.query("select 1 as one"), [{ one: 1 }]);
  });

  test("with a value that cannot be written do nothing, and the connection is used again", async () => {
    const work = database.sql.transaction((tx) =>
      Promise.all([tx.query(insert, [5]), tx.query("select $1::timestamptz", [new Date(Number.NaN)])]),
    );
    await assert.rejects(work, RangeError);
    assert.deepEqual(await kept(), [2]);
  });

  test("that nothing waits for go with the next one, or with the commit", async () => {
    const seen = await database.sql.transaction((tx) => {
      tx.write(insert, [6]);
      return tx.query("select id from kept order by id");
    });
    assert.deepEqual(seen, [{ id: 2 }, { id: 6 }]);
    await database.sql.transaction(async (tx) => tx.write(insert, [7]));
    assert.deepEqual(await kept(), [2, 6, 7]);
    await database.sql.query("delete from kept where id > 2");
  });

  test("that nothing waits for undo their transaction if they fail, before others, behind others and with the commit", async () => {
    const isKnown = { code: "23505", constraint: "kept_pkey" };
    const before = database.sql.transaction(async (tx) => {
      tx.write(insert, [2]);
      await tx.query(insert, [8]);
    });
    await assert.rejects(before, isKnown);
    const swallowed = database.sql.transaction(async (tx) => {
      tx.write(insert, [2]);
      await tx.query(insert, [8]).catch(() => {});
    });
    await assert.rejects(swallowed, isKnown);
    const behind = database.sql.transaction(async (tx) => {
      await tx.query(insert, [8]);
      tx.write(insert, [2]);
      tx.write(insert, [9]);
    });
    await assert.rejects(behind, isKnown);
    assert.deepEqual(await kept(), [2]);
    // The connection is used again, and has no transaction open.
    const [row] = await database.sql.query(
      "select count(*)::int as open from pg_stat_activity where state like 'idle in%' and datname = current_database()",
    );
    assert.deepEqual(row, { open: 0 });
  });

  test("that nothing waits for fail where they are asked for, if a value cannot be written", async () => {
    const work = database.sql.transaction(async (tx) => {
      tx.write("select $1::timestamptz", [new Date(Number.NaN)]);
    });
    await assert.rejects(work, RangeError);
  });

  test("are prepared once, also if a transaction fails between them", async () => {
    for (let i = 0; i < 3; i += 1) {
      const work = database.sql.transaction((tx) =>
        Promise.all([
          tx.query("select 'before' as word"),
          tx.query("select 1 / 0"),
          tx.query("select 'behind' as word"),
        ]),
      );
      await assert.rejects(work, /division by zero/);
    }
    assert.deepEqual(await database.sql.query("select 'behind' as word"), [{ word: "behind" }]);
  });

  test("parameters arrive as they were given", async () => {
    const text = fc.string({ unit: "grapheme" }).filter((one) => !one.includes("\0"));
    // From 4713 BC, where PostgreSQL begins, to the last moment of a Date.
    const moment = fc.date({ min: new Date("-004000-01-01T00:00:00Z"), noInvalidDate: true });
    const given = fc.record({
      texts: fc.array(fc.option(text)),
      numbers: fc.array(fc.option(fc.maxSafeInteger())),
      moments: fc.array(fc.option(moment)),
      bytes: fc.array(fc.uint8Array().map((bytes) => Buffer.from(bytes))),
      flags: fc.array(fc.boolean()),
      facts: fc.array(fc.dictionary(text, fc.option(text), { noNullPrototype: true })),
      one: moment,
      text,
    });
    await fc.assert(
      fc.asyncProperty(given, async (values) => {
        const [row] = await database.sql.query(
          `select $1::text[] as texts, $2::bigint[] as numbers, array(select (extract(epoch from m) * 1000)::bigint
                    from unnest($3::timestamptz[]) with ordinality as u (m, i) order by i) as moments,
                  $4::bytea[] as bytes, $5::boolean[] as flags, to_jsonb($6::jsonb[]) as facts,
                  (extract(epoch from $7::timestamptz) * 1000)::bigint as one, $8::text as text`,
          [
            values.texts,
            values.numbers,
            values.moments,
            values.bytes,
            values.flags,
            values.facts,
            values.one,
            values.text,
          ],
        );
        const moments = values.moments.map((one) => one?.getTime() ?? null);
        assert.deepEqual(row, { ...values, moments, one: values.one.getTime() });
      }),
      seeded(),
    );
  });
});
