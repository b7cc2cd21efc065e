/** The laws of test/laws at the end of a story: the stores, the gate, and what the pages heard. */
import assert from "node:assert/strict";
import { openSql } from "../../src/engines/sql/postgres.ts";
import type { Evidence, Terms } from "../laws/evidence.ts";
import { createJudge } from "../laws/law.ts";
import { laws } from "../laws/laws.ts";
import { readLogTable } from "../laws/log-table.ts";
import { reportedGate } from "../laws/reported-gate.ts";
import { isAtRest, readStores } from "../laws/stores.ts";
import type { Wish } from "../laws/wish.ts";
import type { Reconciliation } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { profileName } from "../support/profile.ts";
import type { World } from "../support/world.ts";

export type Story = {
  productIds: readonly string[];
  limitPerCustomer: number;
  terms: readonly Terms[];
  wishes: readonly Wish[];
  /** Orders that people asked to cancel. */
  cancelled: ReadonlySet<string>;
  lateWish: Wish;
};

export async function assertLawful(world: World, { productIds, limitPerCustomer, ...heard }: Story): Promise<void> {
  const sql = openSql({ url: world.databaseUrl, maxConnections: 1, applicationName: "laws" });
  try {
    for (const productId of productIds) await world.untilAtRest(productId);
    await eventually(async () => isAtRest(await readStores(sql, productIds)));
    const { body } = await world.admin.get<Reconciliation>("/admin/reconcile");
    assert.equal(body.status, "OK", JSON.stringify(body));
    const samples = body.products.filter(({ productId }) => productIds.includes(productId));
    const stores = await readStores(sql, productIds);
    const taken = await sql.query<Evidence["taken"][number]>(
      `select product_id as "productId", extract(epoch from placed_at)::float8 * 1000 as "atMs"
         from orders.orders where product_id = any($1::text[])`,
      [productIds],
    );
    // On real servers the log is Kafka; its records are counted by chaos.
    const log = profileName === "embedded" ? await readLogTable(sql) : { announced: undefined, deadLetters: undefined };
    const evidence: Evidence = {
      ...stores,
      ...heard,
      ...log,
      atRest: true,
      // What their buyers were told stands in the rows, too.
      extended: new Map(),
      limits: new Map(productIds.map((productId) => [productId, limitPerCustomer])),
      gate: reportedGate(body, productIds),
      gateIsLeft: false,
      taken,
      free: [],
      samples,
      wishes: [...heard.wishes, heard.lateWish],
    };
    assert.ok(evidence.orders.length > 0 && evidence.refunds.length > 0 && evidence.terms.length > 0);
    const broken = createJudge(laws)(evidence);
    assert.deepEqual(
      broken.map(({ law, breaches }) => [law.name, ...breaches.map(({ shows }) => shows)]),
      [],
    );
  } finally {
    await sql.close();
  }
}
