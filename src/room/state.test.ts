/** The state of a line that all read, on a database. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type LineStage, openLineStage } from "./room.testing.ts";
import { createState } from "./state.ts";
import type { RoomState } from "./wire.ts";

describe("the public state of a line", { concurrency: true }, () => {
  let stage: LineStage;
  before(async () => {
    stage = await openLineStage();
  });
  after(() => stage.close());

  type Line = ReturnType<LineStage["newLine"]>;

  async function lineOf(people: number, change: Parameters<LineStage["newLine"]>[0], units: Record<string, number>) {
    const line = stage.newLine(change, units);
    for (let i = 1; i <= people; i += 1) await line.join(`person-${i}`);
    await line.draw();
    await line.turn();
    return line;
  }

  /** As it is at this moment: answers are kept for a second. */
  async function stateOf(line: Line, held = 0): Promise<Pick<RoomState, "called" | "free" | "held" | "reach">> {
    const read = createState({
      sql: stage.sql,
      dropOf: async () => line.drop,
      roundOf: () => 1,
      unitsOf: async () => new Map([...line.free].map(([productId, free]) => [productId, { free, held }])),
      bitsOf: async () => 0,
      now: line.now,
    });
    const { called, free, held: all, reach } = JSON.parse(String(await read(line.dropId))) as RoomState;
    return { called, free, held: all, reach };
  }

  test("counts the people who were called and took no pass yet before all who were not called", async () => {
    const line = await lineOf(30, {}, { lamp: 10 });
    assert.deepEqual(await stateOf(line), { called: 10, free: 10, held: 0, reach: [10, 13] });
    for (let i = 1; i <= 10; i += 1) assert.ok((await line.claim(`person-${i}`)).ok);
    assert.deepEqual(await stateOf(line), { called: 10, free: 0, held: 10, reach: [10, 10] });
  });

  test("counts units that passes keep as held, each against its own product", async () => {
    const line = await lineOf(2, {}, { lamp: 1, vase: 5 });
    assert.ok((await line.claim("person-1")).ok);
    const missed = await line.claim("person-2");
    assert.equal(missed.ok || missed.reason, "nothing_free");
    // The second person waits for a lamp, so no vase is out of reach for their sake.
    assert.deepEqual(await stateOf(line), { called: 2, free: 5, held: 1, reach: [7, 9] });
  });

  test("has no free unit when each is offered to a person, so that the others read what may come back", async () => {
    const line = await lineOf(3, { entry: "draw" }, { lamp: 1 });
    assert.deepEqual(await line.offered(), ["person-1"]);
    assert.deepEqual(await stateOf(line), { called: 1, free: 0, held: 1, reach: [1, 1] });
  });

  test("keeps no unit for a pass or an offer once its drop is over, and names no place in reach", async () => {
    for (const entry of ["line", "draw"] as const) {
      const line = await lineOf(4, { entry }, { lamp: 3 });
      assert.ok((await line.claim("person-1")).ok);
      const { drop } = line;
      for (const change of [{ state: "cancelled" }, { closesAt: new Date(line.now()) }] as const) {
        const over = await stateOf({ ...line, drop: { ...drop, ...change } }, 1);
        assert.deepEqual(over, { called: 3, free: 3, held: 1, reach: [3, 3] });
      }
    }
  });

  test("of offers names no place in reach once the drop closes before an offer would end", async () => {
    for (const [closesInMs, reach] of [
      [700_000, [1, 3]],
      [500_000, [0, 0]],
    ] as const) {
      const closesAt = new Date(Date.now() + closesInMs);
      const line = stage.newLine({ entry: "open", listed: ["lamp"], closesAt }, { lamp: 1 });
      await line.join("person-1");
      assert.deepEqual((await stateOf(line, 1)).reach, reach);
    }
  });

  test("names units of the products that are sold to the line alone, not of those that all may order", async () => {
    const line = stage.newLine({ entry: "open", listed: ["lamp"] }, { lamp: 0, vase: 5 });
    const { free, held } = await stateOf(line, 2);
    assert.deepEqual([free, held], [0, 2]);
  });
});
