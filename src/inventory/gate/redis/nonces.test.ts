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
  for (const node of ["", "node-1", "node-2"]) {
    assert.equal(await nonces.read(node), null);
    const first = new Set(await Promise.all(["a", "b", "c"].map((next) => nonces.replace(node, null, next))));
    assert.deepEqual([...first], [await nonces.read(node)]);
    const [standing] = [...first] as [string];
    assert.equal(await nonces.replace(node, "of long ago", "late"), standing);
    assert.equal(await nonces.replace(node, standing, `next of ${node}`), `next of ${node}`);
  }
  assert.equal(await nonces.read("node-1"), "next of node-1");
});
