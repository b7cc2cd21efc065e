import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { migrate } from "../../../engines/sql/migrate.ts";
import { inventorySchema } from "../../inventory.ts";
import { createNonceStore } from "./nonces.ts";

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
  await migrate({ url: database.url, modules: [inventorySchema] });
});
after(() => database?.close());

test("of many that replace the same nonce one wins, and all get its value", async () => {
  const nonces = createNonceStore(database.sql);
  assert.equal(await nonces.read(), null);
  const first = new Set(await Promise.all(["a", "b", "c"].map((next) => nonces.replace(null, next))));
  assert.deepEqual([...first], [await nonces.read()]);
  const [standing] = [...first] as [string];
  assert.equal(await nonces.replace("of long ago", "late"), standing);
  assert.equal(await nonces.replace(standing, "next"), "next");
});
