import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { migrateDatabase } from "#engines/open";
import { openTestDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { until } from "../../../test/support/until.ts";
import { compareProducts } from "../agreement/compare.ts";
import { imagesOf } from "../agreement/images.ts";
import { createModeFollower, type ModeFollower, promisesEndMs, writeMode } from "../agreement/mode.ts";
import { tellTerms } from "../agreement/tell-terms.ts";
import { type Gate, GateUnavailable, type Sale } from "../gate/gate.ts";
import { openSale } from "../gate/image.testing.ts";
import { openMemoryGate } from "../gate/memory.ts";
import { inventorySchema } from "../inventory.ts";
import { recordDirectClaims } from "./direct-claims.ts";
import { lockStock } from "./known.ts";
import { keepOffer } from "./offers.ts";
import { readSales, setSale } from "./sales.ts";

const sale: Sale = { ...openSale, version: 3 };
const waitingForLocks =
  "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
const paused: Sale = { ...sale, paused: true, version: 4 };

describe("the terms of sales in the books", () => {
  let database: TestDatabase;
  let lamps = 0;
  let mode: ModeFollower;
  let nowMs = 0;
  const gate = openMemoryGate();
  const away: Gate = {
    ...gate,
    setSale: async () => {
      throw new GateUnavailable("set-sale", new Error("down"));
    },
  };
  before(async () => {
    database = await openTestDatabase();
    mode = createModeFollower(database.sql, () => nowMs);
    await migrateDatabase({ kafka: undefined, databaseUrls: {} }, database, [inventorySchema]);
  });
  after(() => database.close());

  /** Known to the books, and loaded at the gate. */
  async function newLamp(): Promise<string> {
    lamps += 1;
    const productId = `lamp-${lamps}`;
    const offer = { unitPriceMinor: 4_900, currency: "EUR", limitPerCustomer: null, version: 1 };
    await database.sql.transaction((tx) => keepOffer(tx, productId, offer));
    await gate.install(await imageOf(productId));
    return productId;
  }

  async function imageOf(productId: string) {
    const [image] = await database.sql.transaction(async (tx) =>
      imagesOf(tx, [...(await lockStock(tx, [productId])).values()]),
    );
    assert.ok(image);
    return image;
  }

  async function refusalAtGate(productId: string): Promise<string | undefined> {
    const request = {
      orderId: crypto.randomUUID(),
      userId: "ada",
      quantity: 1,
      bodyHash: "",
      expectedTotalMinor: null,
    };
    const options = { newIn: null, withdrawal: false, ignoresSale: false, nowMs: 0, payByMs: 1 };
    const [answer] = await gate.reserve([{ productId, ...request, ...options }]);
    return answer?.kind === "refused" ? answer.reason : undefined;
  }

  test("hold at the gate once they are set, and the newest win in whatever order they come", async () => {
    const productId = await newLamp();
    assert.equal(await setSale({ sql: database.sql, gate, mode }, productId, paused), true);
    assert.equal(await refusalAtGate(productId), "drop_paused");
    assert.equal(await setSale({ sql: database.sql, gate, mode }, productId, sale), true);
    assert.equal(await refusalAtGate(productId), "drop_paused");
    assert.deepEqual((await readSales(database.sql, [productId])).get(productId)?.sale, paused);
    assert.deepEqual((await imageOf(productId)).sale, paused);
  });

  test("are said to hold at a gate with others of the same version, which a lost primary had told, only once it has these", async () => {
    const productId = await newLamp();
    await gate.setSale(productId, { ...paused, paused: false });
    const setting = setSale({ sql: database.sql, gate, mode }, productId, paused);
    await until(async () => (await readSales(database.sql, [productId])).has(productId));
    assert.equal(await Promise.race([setting, sleep(100, "not yet")]), "not yet");
    assert.equal(await refusalAtGate(productId), "sold_out");
    // As the repair does.
    const closing = await gate.close(productId);
    const image = await imageOf(productId);
    await gate.install({ ...image, epoch: image.epoch + 1 }, closing);
    assert.equal(await setting, true);
    assert.equal(await refusalAtGate(productId), "drop_paused");
  });

  test("that a gate did not hear of are found, and told by the repair without a rebuild", async () => {
    const productId = await newLamp();
    assert.equal(await setSale({ sql: database.sql, gate: away, mode }, productId, paused), false);
    assert.equal(await refusalAtGate(productId), "sold_out");
    assert.deepEqual(await compareProducts(database.sql, gate, [productId]), {
      epochs: new Map([[productId, 1]]),
      wrong: [],
      ahead: new Map(),
      behind: [],
      untold: [productId],
    });
    await tellTerms({ sql: database.sql, gate }, [productId]);
    assert.equal(await refusalAtGate(productId), "drop_paused");
    assert.deepEqual((await compareProducts(database.sql, gate, [productId])).untold, []);
  });

  test("that are newer at the gate than in the books need a rebuild: the books came from a backup", async () => {
    const productId = await newLamp();
    await gate.setSale(productId, paused);
    assert.deepEqual((await compareProducts(database.sql, gate, [productId])).wrong, [productId]);
  });

  test("do not hold until a product that is being loaded has them", async () => {
    const productId = await newLamp();
    const image = await imageOf(productId);
    gate.lose();
    const answer = setSale({ sql: database.sql, gate, mode }, productId, paused);
    const waiting = await Promise.race([answer, gate.setSale(productId, sale)]);
    assert.equal(waiting, "absent");
    // Read before the terms, installed after them.
    await gate.install(image);
    assert.equal(await answer, true);
    assert.equal(await refusalAtGate(productId), "drop_paused");
  });

  test("do not hold by the change of the mode alone while processes may promise what a gate that is away has reserved", async () => {
    const productId = await newLamp();
    const holds = async () => setSale({ sql: database.sql, gate: away, mode }, productId, paused);
    try {
      await writeMode(database.sql, { mode: "sync", ready: false, actor: "test" });
      assert.equal(await holds(), false);
      await writeMode(database.sql, { mode: "sync", ready: true, actor: "test" });
      assert.equal(await holds(), true);
      await writeMode(database.sql, { mode: "closed", ready: true, actor: "test" });
      assert.equal(await holds(), false);
      nowMs += promisesEndMs - 1;
      assert.equal(await holds(), false);
      nowMs += 1;
      assert.equal(await holds(), true);
    } finally {
      await writeMode(database.sql, { mode: "gatekeeper", ready: true, actor: "test" });
    }
    assert.equal(await holds(), false);
  });

  test("hold past the gate: refused orders leave nothing, and one that stands is a duplicate", async () => {
    const { sql } = database;
    const productId = await newLamp();
    await sql.query("update inventory.stock set total_in = 5 where product_id = $1", [productId]);
    await writeMode(sql, { mode: "sync", ready: true, actor: "test" });
    try {
      const orderId = crypto.randomUUID();
      const claim = { productId, orderId, userId: "ada", quantity: 1, limitPerCustomer: null, ignoresSale: false };
      const direct = async (...claims: (typeof claim)[]) =>
        (await sql.transaction((tx) => recordDirectClaims(tx, claims))).decided.map((one) =>
          "claim" in one ? [one.claim.fate, one.holdMs] : [one.refusal.reason],
        );
      const another = (change = {}) => ({ ...claim, orderId: crypto.randomUUID(), ...change });
      assert.deepEqual(await direct(claim), [["claimed", null]]);
      assert.equal(await setSale({ sql, gate, mode }, productId, paused), true);
      assert.deepEqual(await direct(claim, another(), another({ ignoresSale: true })), [
        ["duplicate", 60_000],
        ["drop_paused"],
        ["claimed", 60_000],
      ]);
      for (const [closed, reason] of [
        [{ ...sale, closesAtMs: 1, version: 5 }, "drop_ended"],
        [{ ...sale, opensAtMs: 1e14 - 1, version: 6 }, "drop_not_open"],
      ] as const) {
        await setSale({ sql, gate, mode }, productId, closed);
        assert.deepEqual(await direct(another()), [[reason]]);
      }
      const [ledger] = await sql.query<{ rows: number }>(
        "select count(*)::int as rows from inventory.stock_ledger where product_id = $1",
        [productId],
      );
      assert.equal(ledger?.rows, 3);
    } finally {
      await writeMode(sql, { mode: "gatekeeper", ready: true, actor: "test" });
    }
  });

  test("limit what one customer holds past the gate too; a payment that came late takes its units", async () => {
    const { sql } = database;
    const productId = await newLamp();
    await sql.query("update inventory.stock set total_in = 5 where product_id = $1", [productId]);
    await writeMode(sql, { mode: "sync", ready: true, actor: "test" });
    try {
      await setSale({ sql, gate, mode }, productId, { ...sale, limitPerPerson: 1 });
      const claims = [false, false, true].map((ignoresSale) => {
        const orderId = crypto.randomUUID();
        return { productId, orderId, userId: "ada", quantity: 1, limitPerCustomer: null, ignoresSale };
      });
      const { decided } = await sql.transaction((tx) => recordDirectClaims(tx, claims));
      const fates = decided.map(
        (one) => "claim" in one && [one.claim.fate, one.claim.reason, one.claim.limitPerCustomer],
      );
      assert.deepEqual(fates, [
        ["claimed", undefined, 1],
        ["void", "limit_per_customer", 1],
        ["claimed", undefined, null],
      ]);
    } finally {
      await writeMode(sql, { mode: "gatekeeper", ready: true, actor: "test" });
    }
  });

  test("1 ms before the opening, at it, 1 ms before the closing, at it: past the gate the books' own clock decides", async () => {
    const { sql } = database;
    const productId = await newLamp();
    const [opensAtMs, closesAtMs] = [1_700_000_001_000, 1_700_000_005_000];
    await sql.query("update inventory.stock set total_in = 5 where product_id = $1", [productId]);
    await writeMode(sql, { mode: "sync", ready: true, actor: "test" });
    try {
      await setSale({ sql, gate, mode }, productId, { ...sale, opensAtMs, closesAtMs });
      // A function of this name that is found before PostgreSQL's own.
      await sql.query("create schema clocks");
      await sql.query("create table clocks.clock (at timestamptz not null)");
      await sql.query(`create function clocks.clock_timestamp() returns timestamptz language sql
        as 'select at from clocks.clock'`);
      const answers: string[] = [];
      for (const atMs of [opensAtMs - 1, opensAtMs, closesAtMs - 1, closesAtMs]) {
        const claim = { productId, orderId: crypto.randomUUID(), userId: "ada", quantity: 1 };
        const { decided } = await sql.transaction(async (tx) => {
          await tx.query("delete from clocks.clock");
          await tx.query("insert into clocks.clock values ($1)", [new Date(atMs)]);
          await tx.query("set local search_path = clocks, pg_catalog");
          return recordDirectClaims(tx, [{ ...claim, limitPerCustomer: null, ignoresSale: false }]);
        });
        answers.push(...decided.map((one) => ("claim" in one ? one.claim.fate : one.refusal.reason)));
      }
      assert.deepEqual(answers, ["drop_not_open", "claimed", "claimed", "drop_ended"]);
    } finally {
      await writeMode(sql, { mode: "gatekeeper", ready: true, actor: "test" });
    }
  });

  test("a pause past the gate waits for the orders that are being decided", async () => {
    const { sql } = database;
    const productId = await newLamp();
    await writeMode(sql, { mode: "sync", ready: true, actor: "test" });
    try {
      const steps: string[] = [];
      let pausing: Promise<unknown> = Promise.resolve();
      await sql.transaction(async (tx) => {
        await lockStock(tx, [productId]);
        pausing = setSale({ sql, gate, mode }, productId, paused).then(() => steps.push("paused"));
        await until(async () => (await sql.query(waitingForLocks)).length > 0);
        steps.push("decided");
      });
      await pausing;
      assert.deepEqual(steps, ["decided", "paused"]);
    } finally {
      await writeMode(sql, { mode: "gatekeeper", ready: true, actor: "test" });
    }
  });
});
