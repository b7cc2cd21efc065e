import assert from "node:assert/strict";
import { test } from "node:test";
import { AppendFailed } from "#engines/log";
import { openTestCatalog } from "./catalog.testing.ts";

const lamp = { productId: "lamp", name: "Lamp", unitPriceMinor: 4999, currency: "EUR" };

test("a new product is in the log before its request is answered", async (t) => {
  const { catalog, publishedEvents } = await openTestCatalog(t);
  const created = await catalog.create({ ...lamp, limitPerCustomer: 2 });
  assert.ok(created.ok);
  const [event, ...others] = await publishedEvents();
  assert.deepEqual(others, []);
  assert.equal(event?.id, "lamp:1");
  assert.equal(event?.type, "dropgate.product.created");
  assert.equal(event?.time, created.product.createdAt.toISOString());
  assert.deepEqual(event?.data, { ...lamp, limitPerCustomer: 2, version: 1 });
});

test("a product without an id gets a free one", async (t) => {
  const { catalog } = await openTestCatalog(t);
  const { productId: _, ...nameless } = lamp;
  const made = await Promise.all([catalog.create(nameless), catalog.create(nameless)]);
  const ids = made.map((one) => one.ok && one.product.productId);
  assert.notEqual(ids[0], ids[1]);
  for (const id of ids) assert.match(String(id), /^[0-9a-f]{16}$/);
});

test("of many requests that make the same product at once, one succeeds", async (t) => {
  const { catalog, publishedEvents } = await openTestCatalog(t);
  const made = await Promise.all(Array.from({ length: 8 }, (_, i) => catalog.create({ ...lamp, unitPriceMinor: i })));
  const winners = made.filter((one) => one.ok);
  assert.equal(winners.length, 1);
  assert.deepEqual(await catalog.get("lamp"), winners[0]?.product);
  assert.equal((await publishedEvents()).length, 1);
});

test("of many changes that expect the same version, one succeeds", async (t) => {
  const { catalog, publishedEvents } = await openTestCatalog(t);
  await catalog.create(lamp);
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, i) => catalog.change("lamp", { unitPriceMinor: 100 + i }, [1])),
  );
  const made = answers.filter((answer) => answer.ok);
  assert.equal(made.length, 1);
  assert.equal(made[0]?.product.version, 2);
  for (const answer of answers) {
    if (!answer.ok) assert.deepEqual(answer, { ok: false, reason: "version_mismatch", version: 2 });
  }
  assert.equal((await publishedEvents()).length, 2);
});

test("changes that expect no version are all made, each with its own version, price and event", async (t) => {
  const { catalog, sql, publishedEvents } = await openTestCatalog(t);
  await catalog.create(lamp);
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, i) => catalog.change("lamp", { unitPriceMinor: 100 + i })),
  );
  const prices = new Map(
    answers.map((answer) => {
      assert.ok(answer.ok);
      return [answer.product.version, answer.product.unitPriceMinor];
    }),
  );
  assert.deepEqual([...prices.keys()].toSorted(), [2, 3, 4, 5, 6, 7, 8, 9]);
  prices.set(1, lamp.unitPriceMinor);

  const history = await sql.query<{ version: number; price: number }>(
    "select version, price_minor as price from catalog.price_history where product_id = 'lamp' order by version",
  );
  assert.deepEqual(new Map(history.map(({ version, price }) => [version, price])), prices);

  const events = await publishedEvents();
  assert.deepEqual(
    events.map(({ data }) => data.version),
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
  for (const { data } of events) assert.equal(data.unitPriceMinor, prices.get(data.version));
});

test("fields that a patch leaves out stay, and null removes a value", async (t) => {
  const { catalog } = await openTestCatalog(t);
  await catalog.create({ ...lamp, description: "Bright", limitPerCustomer: 2 });
  await catalog.change("lamp", { name: "Lantern" });
  const changed = await catalog.change("lamp", { limitPerCustomer: null });
  assert.ok(changed.ok);
  const { name, description, limitPerCustomer, unitPriceMinor, version } = changed.product;
  assert.deepEqual(
    { name, description, limitPerCustomer, unitPriceMinor, version },
    { name: "Lantern", description: "Bright", limitPerCustomer: null, unitPriceMinor: 4999, version: 3 },
  );
});

test("a patch that changes nothing makes no version and no event", async (t) => {
  const { catalog, publishedEvents } = await openTestCatalog(t);
  const created = await catalog.create(lamp);
  const changed = await catalog.change("lamp", { name: "Lamp", unitPriceMinor: 4999 }, [1]);
  assert.deepEqual(changed, created);
  assert.equal((await publishedEvents()).length, 1);
});

test("the event of a change that was rolled back never appears", async (t) => {
  const { catalog, sql, publishedEvents } = await openTestCatalog(t);
  await catalog.create(lamp);
  // Fails after every write, at the commit.
  await sql.query(
    `create function fail() returns trigger language plpgsql as $$ begin raise 'refused at commit'; end $$`,
  );
  await sql.query(`create constraint trigger refuse after insert or update on catalog.products
                   deferrable initially deferred for each row when (new.name = 'doomed') execute function fail()`);
  t.after(() => sql.query("drop function fail cascade"));
  await assert.rejects(catalog.change("lamp", { name: "doomed" }), /refused at commit/);
  await assert.rejects(catalog.create({ ...lamp, productId: "chair", name: "doomed" }), /refused at commit/);
  const changed = await catalog.change("lamp", { name: "Lantern" });
  assert.ok(changed.ok && changed.product.version === 2);
  assert.deepEqual(
    (await publishedEvents()).map(({ data }) => data.name),
    ["Lamp", "Lantern"],
  );
});

test("PostgreSQL itself refuses prices and limits out of range", async (t) => {
  const { catalog } = await openTestCatalog(t);
  const impossible = [
    { unitPriceMinor: -1 },
    { unitPriceMinor: 1.5 },
    { unitPriceMinor: 1_000_000_000_001 },
    { limitPerCustomer: 0 },
    { currency: "eur" },
    { name: "" },
    { productId: "{lamp}" },
  ];
  for (const fault of impossible) await assert.rejects(catalog.create({ ...lamp, ...fault }), JSON.stringify(fault));
  assert.ok((await catalog.create({ ...lamp, unitPriceMinor: 0 })).ok);
  assert.ok((await catalog.change("lamp", { unitPriceMinor: 1_000_000_000_000 })).ok);
});

test("pages follow each other without gaps or duplicates while products are added", async (t) => {
  const { catalog } = await openTestCatalog(t);
  for (const productId of ["d", "b", "Z", "e", "a", "c"]) await catalog.create({ ...lamp, productId });
  const first = await catalog.list({ limit: 3 });
  assert.deepEqual(
    first.products.map(({ productId }) => productId),
    ["Z", "a", "b"],
  );
  await catalog.create({ ...lamp, productId: "Y" });
  const second = await catalog.list({ after: first.next, limit: 3 });
  assert.deepEqual(
    second.products.map(({ productId }) => productId),
    ["c", "d", "e"],
  );
  assert.equal(second.next, undefined);
});

test("a change succeeds while the log refuses, and its event follows", async (t) => {
  const { catalog, log, publish, publishedEvents } = await openTestCatalog(t);
  const { append } = log;
  log.append = (topic) => Promise.reject(new AppendFailed(topic, false, new Error("the log is down")));
  assert.ok((await catalog.create(lamp)).ok);
  await assert.rejects(publish(), AppendFailed);
  log.append = append;
  assert.equal(await publish(), 1);
  assert.equal(await publish(), 0);
  assert.deepEqual(
    (await publishedEvents()).map(({ id }) => id),
    ["lamp:1"],
  );
});

test("a change is answered while the log does not answer, and its event follows", async (t) => {
  const { catalog, log, publish, publishedEvents } = await openTestCatalog(t);
  const { append } = log;
  const silence = Promise.withResolvers<void>();
  log.append = async (topic, records) => {
    await silence.promise;
    return append(topic, records);
  };
  assert.ok((await catalog.create(lamp)).ok);
  assert.ok((await catalog.get("lamp")) !== undefined);
  silence.resolve();
  await publish();
  assert.deepEqual(
    (await publishedEvents()).map(({ id }) => id),
    ["lamp:1"],
  );
});
