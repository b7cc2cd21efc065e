import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { AppendFailed } from "#engines/log";
import { until } from "../../test/support/until.ts";
import { outboxContract } from "../engines/outbox/outbox.testing.ts";
import { emptyDatabase, openCatalogOn, openTestCatalog } from "./catalog.testing.ts";
import { catalogSchema } from "./catalog.ts";
import type { ProductEvent } from "./events.ts";
import { productOutbox } from "./outbox.ts";

const lamp = { productId: "lamp", name: "Lamp", unitPriceMinor: 4999, currency: "EUR" };

outboxContract<ProductEvent>({
  module: catalogSchema,
  shape: productOutbox,
  eventOf(id) {
    const data = { ...lamp, limitPerCustomer: null, version: 1 };
    return { id, type: "dropgate.product.changed", time: "2030-01-01T00:00:00.000Z", data };
  },
  insert: "insert into catalog.outbox (key, event) select 'lamp', event from jsonb_array_elements($1::jsonb) as event",
});

test("two publishers at once send each change once, in order of version", async (t) => {
  const { catalog, twin, sql, publishedEvents } = await openTestCatalog(t);
  const catalogs = [catalog, twin];
  for (const one of catalogs) one.start();
  const products = ["lamp", "chair", "table"];
  await Promise.all(products.map((productId) => catalog.create({ ...lamp, productId })));
  await Promise.all(
    products.flatMap((productId) =>
      Array.from({ length: 20 }, (_, i) => catalogs[i % 2]?.change(productId, { unitPriceMinor: 100 + i })),
    ),
  );
  // A change is answered after two seconds at the latest, and its event follows.
  await until(async () => (await sql.query("select from catalog.outbox")).length === 0);
  const events = await publishedEvents();
  for (const productId of products) {
    assert.deepEqual(
      versionsOf(events, productId),
      Array.from({ length: 21 }, (_, i) => i + 1),
    );
  }
});

test("events that a publisher sent and died before deleting are sent again, before later ones", async (t) => {
  const { sql, url } = await emptyDatabase();
  const topic = `product.events.${randomUUID()}`;
  await createAndDieBeforeDelete(url, topic);
  const { catalog, publishedEvents, close } = await openCatalogOn({ sql, url, topic });
  t.after(close);
  assert.deepEqual(versionsOf(await publishedEvents(), "lamp"), [1]);
  assert.equal((await sql.query("select from catalog.outbox")).length, 1);

  const changed = await catalog.change("lamp", { unitPriceMinor: 5999 });
  assert.ok(changed.ok);
  const events = await publishedEvents();
  assert.deepEqual(versionsOf(events, "lamp"), [1, 1, 2]);
  assert.deepEqual(events[1], events[0], "the same event, with the same id");
  assert.equal((await sql.query("select from catalog.outbox")).length, 0);
});

test("the publisher sends rows that no caller waited for, and reports its faults until it succeeds", async (t) => {
  const { catalog, log, faults, publishedEvents } = await openTestCatalog(t);
  const { append } = log;
  log.append = (topic) => Promise.reject(new AppendFailed(topic, false, new Error("the log is down")));
  await catalog.create(lamp);
  catalog.start();
  await until(() => faults.some((fault) => fault instanceof AppendFailed));
  log.append = append;
  await until(async () => (await publishedEvents()).length === 1);
});

test("an outbox larger than one batch is emptied in one call", async (t) => {
  const { sql, publish, publishedEvents } = await openTestCatalog(t);
  await sql.query(
    `insert into catalog.outbox (key, event)
     select 'lamp', jsonb_build_object('id', 'lamp:' || n, 'type', 'dropgate.product.changed', 'time', '2030-01-01T00:00:00Z',
              'data', $1::jsonb || jsonb_build_object('version', n))
       from generate_series(1, 450) as n`,
    [JSON.stringify({ ...lamp, limitPerCustomer: null })],
  );
  assert.equal(await publish(), 450);
  assert.deepEqual(
    versionsOf(await publishedEvents(), "lamp"),
    Array.from({ length: 450 }, (_, i) => i + 1),
  );
});

/** Another process makes the lamp and is killed after the log has its event and before the outbox deletes it. */
async function createAndDieBeforeDelete(url: string, topic: string): Promise<void> {
  const story = `
    const { openSql } = await import("./src/engines/sql/postgres.ts");
    const { openCatalogOn } = await import("./src/catalog/catalog.testing.ts");
    const [url, topic] = process.argv.slice(1);
    const sql = openSql({ url, maxConnections: 5, applicationName: "doomed" });
    const { catalog } = await openCatalogOn({ sql, url, topic });
    await catalog.create(${JSON.stringify(lamp)});
  `;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", story, url, topic], {
    cwd: join(import.meta.dirname, "../.."),
    env: { ...process.env, FP: "catalog.appended:kill" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [, signal] = await once(child, "exit");
  assert.equal(signal, "SIGKILL");
}

function versionsOf(events: readonly ProductEvent[], productId: string): number[] {
  return events.filter(({ data }) => data.productId === productId).map(({ data }) => data.version);
}
