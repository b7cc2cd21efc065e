/** Every automatic repair leaves a trace. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Sql } from "#engines/sql";
import { eventually } from "../support/eventually.ts";
import { openWorld, type World } from "../support/world.ts";

describe("automatic repairs", () => {
  let world: World;
  let books: Sql;
  const lines: string[] = [];
  before(async () => {
    world = await openWorld({ onLog: (line) => void lines.push(line) });
    books = world.system.faces.engines.sql("test", 1);
  });
  after(() => world?.close());

  const repaired = (reason: string) =>
    lines
      .map((line) => JSON.parse(line))
      .filter((line) => line.event === "repaired by itself" && line.reason === reason);
  async function counted(reason: string): Promise<number> {
    const { body } = await world.anonymous.get<string>("/actuator/prometheus");
    return Number(new RegExp(`^dropgate_repairs_total\\{reason="${reason}"\\} (\\d+)$`, "m").exec(body)?.[1] ?? 0);
  }

  test("O6: a drift that a rebuild corrects within seconds is logged with its figures, and counted", async () => {
    const productId = await world.newProduct({ stock: 20 });
    const { gate, epoch } = await world.untilAtRest(productId).then(async ({ gate }) => {
      const [snapshot] = await world.system.faces.inventory.gate.snapshot([productId]);
      return { gate, epoch: snapshot?.epoch };
    });
    assert.equal(gate, 20);
    // As if the gate had 15 units too many.
    await books.query(
      "update inventory.stock_stream set available_after = available_after - 15 where product_id = $1 and seq = 1",
      [productId],
    );
    const [told] = await eventually(() => {
      const found = repaired("drift");
      return found.length > 0 && found;
    });
    assert.equal(told.productId, productId);
    assert.equal(told.units, 15);
    assert.equal(told.level, "warn");
    assert.match(told.found, /the gate had 20 to sell \+ 0 in flight, the books had 5 after change 1/);
    assert.equal(await counted("drift"), 1);
    const [after] = await world.system.faces.inventory.gate.snapshot([productId]);
    assert.ok((after?.epoch ?? 0) > (epoch ?? 0));
  });

  test("O6: a product that the gate closes by itself is logged with the change and the figures, and rebuilt", async () => {
    const productId = await world.newProduct({ stock: 20 });
    await world.untilAtRest(productId);
    // The next change will show two units fewer than the gate counts.
    await books.query(
      `insert into inventory.stock_stream (product_id, seq, epoch, kind, available_after, added, items)
       values ($1, 2, 1, 'change', 23, 5, '[]')`,
      [productId],
    );
    await books.query("update inventory.stock set seq = 2 where product_id = $1", [productId]);
    const told = await eventually(() => repaired("closed_itself").find((line) => line.productId === productId));
    assert.equal(told.units, 2);
    assert.match(told.found, /after change 2 the gate had 25 units where the books have 23/);
    assert.ok((await counted("closed_itself")) >= 1);
  });

  test("O6: a gate that lost its memory is logged once, with the number of products", async () => {
    const productId = await world.newProduct({ stock: 3 });
    const before = repaired("not_loaded").length;
    await world.faults.loseGate();
    await world.untilAtRest(productId);
    const told = await eventually(() => repaired("not_loaded").at(before));
    assert.ok(told.products >= 1 && told.named.includes(productId), JSON.stringify(told));
    assert.ok((await counted("not_loaded")) >= 1);
  });

  test("O6: the latest result of reconcile is still known after a restart", async () => {
    await world.newProduct({ stock: 1 });
    const { status } = await world.admin.get("/admin/reconcile");
    assert.equal(status, 200);
    const figures = async () => {
      const { body } = await world.anonymous.get<string>("/actuator/prometheus");
      return body.split("\n").filter((line) => /^dropgate_reconcile_(products|latest)/.test(line));
    };
    const before = await figures();
    assert.ok(
      before.some((line) => /status="OK"\} [1-9]/.test(line)),
      before.join("\n"),
    );
    await world.restart();
    await eventually(async () => assert.deepEqual(await figures(), before) === undefined);
  });
});
