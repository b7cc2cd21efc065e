/** The units that passes may promise, by the books and the gate of a real inventory. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import type { EventLog } from "#engines/log";
import type { Inventory } from "#inventory";
import { randomId, uuidV8 } from "#platform/ids";
import type { TestDatabase } from "../../test/support/database.ts";
import { createModeFollower, type ModeFollower, writeMode } from "../inventory/agreement/mode.ts";
import type { DirectAnswer } from "../inventory/books/direct-claims.ts";
import { type Gate, GateUnavailable } from "../inventory/gate/gate.ts";
import { openMemoryGate } from "../inventory/gate/memory.ts";
import { openInventoryDatabase, openTestInventory, putOnSale } from "../inventory/inventory.testing.ts";
import { freeUnits } from "./free.ts";

describe("the units that are free for passes", () => {
  let database: TestDatabase;
  let log: EventLog;
  let inventory: Inventory;
  /** What this process knows of the mode. */
  let mode: ModeFollower;
  /** It answers, and what the books decided does not reach it. */
  let isCut = false;
  const memory = openMemoryGate();
  const gate: Gate = {
    ...memory,
    async apply(row) {
      if (isCut) throw new GateUnavailable("apply", undefined);
      return memory.apply(row);
    },
  };

  before(async () => {
    database = await openInventoryDatabase();
    ({ inventory, log } = await openTestInventory(database, gate));
    mode = createModeFollower(database.sql);
    const offer = { unitPriceMinor: 4900, currency: "EUR", limitPerCustomer: null, version: 1 };
    await putOnSale(database.sql, gate, "lamp", offer);
    const entry = { productId: "lamp", kind: "adjust", quantity: 3, reason: "test", actor: "grace" } as const;
    await inventory.books.enter(entry);
  });
  after(async () => {
    await log.close();
    await database.close();
  });
  beforeEach(() => {
    isCut = false;
    return switchTo("gatekeeper");
  });

  async function switchTo(next: "gatekeeper" | "sync" | "closed"): Promise<void> {
    await writeMode(database.sql, { mode: next, ready: true, actor: "grace" });
    await mode.refresh();
  }

  async function free(): Promise<number | undefined> {
    const { gate, books, agreement } = inventory;
    const seen = { gate, books, agreement: { ...agreement, mode: { ...agreement.mode, known: mode.known } } };
    return (await freeUnits(seen, ["lamp"]))?.get("lamp");
  }
  const shown = async () => (await inventory.books.products.unitsOf(["lamp"])).get("lamp")?.free;

  /** An order that is decided without the gate. */
  async function sell(): Promise<DirectAnswer | undefined> {
    const order = { productId: "lamp", orderId: uuidV8(randomId(6), randomId(10)), userId: "ada", quantity: 1 };
    const claim = { ...order, limitPerCustomer: null, ignoresSale: false };
    return (await database.sql.transaction((tx) => inventory.books.claimDirect(tx, [claim])))?.[0];
  }

  test("in mode sync are those of the books, also while a gate that could not be closed says otherwise", async () => {
    assert.equal(await free(), 3);
    await switchTo("sync");
    isCut = true;
    const sold = await sell();
    assert.equal(sold && "claim" in sold && sold.claim.fate, "claimed");
    const [snapshot] = await gate.snapshot(["lamp"]);
    assert.deepEqual([snapshot?.open, snapshot?.sellable], [true, 3], "the gate has not heard of it");
    assert.deepEqual([await free(), await shown()], [2, 2]);
  });

  test("are not told by a process that has not heard yet that the gate sells again", async () => {
    await switchTo("sync");
    await writeMode(database.sql, { mode: "gatekeeper", ready: true, actor: "grace" });
    assert.equal(await mode.known(), "sync");
    assert.equal(await free(), undefined);
  });

  test("are unknown while the shop takes no orders", async () => {
    await switchTo("closed");
    assert.equal(await free(), undefined);
  });
});
