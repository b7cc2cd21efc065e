/** Opens a catalog on a real PostgreSQL and the real log in it, for the tests of this module. */
import { randomUUID } from "node:crypto";
import { after, type TestContext } from "node:test";
import { lagOf } from "#engines/log";
import { createOutbox } from "#engines/outbox";
import type { Sql } from "#engines/sql";
import { createIdentity } from "#identity";
import { systemClock } from "#platform/clock";
import { createHttp } from "#platform/http";
import { createLog } from "#platform/log";
import { openTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { until } from "../../test/support/until.ts";
import { eventLogSchema, openPostgresLog } from "../engines/log/postgres/postgres.ts";
import { migrate } from "../engines/sql/migrate.ts";
import { catalogSchema, createCatalog } from "./catalog.ts";
import { decodeProductEvent, type ProductEvent } from "./events.ts";
import { productOutbox } from "./outbox.ts";
import { catalogRoutes } from "./routes.ts";

/** An empty catalog on a topic of its own, closed when the test ends. */
export async function openTestCatalog(t: TestContext) {
  const { sql, url } = await emptyDatabase();
  const opened = await openCatalogOn({ sql, url, topic: `product.events.${randomUUID()}` });
  t.after(opened.close);
  return { ...opened, sql };
}

/** Its routes, as a client asks them. */
export async function openCatalogApp(t: TestContext) {
  const opened = await openTestCatalog(t);
  const secret = "a secret of at least 32 bytes....";
  const identity = createIdentity({ secret, issuer: "test", trustUserHeader: true });
  const openApi = { title: "test", version: "1" };
  const app = await createHttp({ log: createLog({ level: "silent" }), clock: systemClock, openApi });
  t.after(() => app.close());
  catalogRoutes(app, { catalog: opened.catalog, adminOnly: identity.guard("ADMIN") });
  return { ...opened, app, identity };
}

let shared: Promise<TestDatabase> | undefined;
after(async () => (await shared)?.close());

/** One database for all tests of a file, emptied before each. */
export async function emptyDatabase(): Promise<TestDatabase> {
  shared ??= openTestDatabase().then(async (database) => {
    await migrate({ url: database.url, modules: [eventLogSchema, catalogSchema] });
    return database;
  });
  const { sql } = await shared;
  await sql.query("truncate catalog.products, catalog.price_history, catalog.outbox");
  return shared;
}

export async function openCatalogOn({ sql, url, topic }: { sql: Sql; url: string; topic: string }) {
  const log = await openPostgresLog({ sql, url, log: createLog({ level: "silent" }) });
  await log.ensureTopics([{ name: topic, partitions: 3 }]);
  const faults: unknown[] = [];
  const options = {
    sql,
    log,
    topic,
    // It has read nothing yet, so no event is known to be lost.
    reader: { group: "prices", termsOf: async () => new Map() },
    logger: createLog({ level: "silent" }),
    onFault: (error: unknown) => faults.push(error),
  };
  const catalog = createCatalog(options);
  const twin = createCatalog(options);
  const outbox = createOutbox({ ...productOutbox, ...options });

  /** All events that a consumer would read now, those of each product in order. */
  async function publishedEvents(): Promise<ProductEvent[]> {
    const events: ProductEvent[] = [];
    const group = `reader-${randomUUID()}`;
    const ends = await log.endOffsets(topic);
    const consumer = await log.consume({
      topic,
      group,
      maxRecords: 100,
      handle: async ({ records }) => void events.push(...records.map(decodeProductEvent)),
    });
    await until(async () => lagOf(ends, await log.committedOffsets(group, topic)) === 0);
    await consumer.close();
    return events;
  }

  return {
    catalog,
    /** Another process's catalog on the same database. */
    twin,
    log,
    faults,
    publishedEvents,
    /** Ships the rows that wait, as another process would. */
    publish: () => outbox.publish(),
    async close() {
      await Promise.all([catalog.stop(), twin.stop()]);
      await log.close();
    },
  };
}
