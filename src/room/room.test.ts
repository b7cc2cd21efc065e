import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { checkCalls } from "../fairness/people-checks.ts";
import { mortalSql } from "../warehouse/warehouse.testing.ts";
import { endLine } from "./line-end.ts";
import { createLoad } from "./load.ts";
import { createPublished } from "./published.ts";
import { type LineStage, openLineStage } from "./room.testing.ts";

describe("a line", () => {
  let stage: LineStage;
  before(async () => {
    stage = await openLineStage();
  });
  after(() => stage.close());

  const people = (count: number) => Array.from({ length: count }, (_, i) => `person-${i + 1}`);

  async function lineOf(count: number, ...options: Parameters<LineStage["newLine"]>) {
    const line = stage.newLine(...options);
    // One batch, in this order.
    await Promise.all(people(count).map(line.join));
    return line;
  }

  test("F2: gives each person one place, numbered without gaps, in ten tabs and two processes at once (L1)", async () => {
    const line = stage.newLine();
    const tabs = people(60).flatMap((userId) =>
      Array.from({ length: 10 }, (_, i) => ({ userId, isOther: i % 2 === 0 })),
    );
    const places = await Promise.all(tabs.map(({ userId, isOther }) => (isOther ? line.other : line).join(userId)));
    const seqs = new Map<string, Set<number>>();
    places.forEach((place, i) => {
      const userId = tabs[i]?.userId ?? "";
      seqs.set(userId, (seqs.get(userId) ?? new Set()).add(place?.seq ?? 0));
    });
    assert.deepEqual(
      [...seqs.values()].map(({ size }) => size),
      people(60).map(() => 1),
    );
    const numbers = [...seqs.values()].flatMap((set) => [...set]).toSorted((a, b) => a - b);
    assert.deepEqual(
      numbers,
      people(60).map((_, i) => i + 1),
    );
  });

  test("keeps the ticket of a person who leaves, and gives a person who joins again a place at the end", async () => {
    const line = await lineOf(3);
    const first = await line.placeOf("person-1");
    assert.equal(await line.leave("person-1"), true);
    assert.equal(await line.leave("person-1"), false);
    assert.equal(await line.placeOf("person-1"), undefined);
    const again = await line.join("person-1");
    assert.deepEqual([first?.seq, again?.seq], [1, 4]);
    const tickets = await stage.sql.query("select ticket from room.place where drop_id = $1", [line.dropId]);
    assert.equal(tickets.length, 4);
  });

  test("takes a solution once, also beside others of its person, and one of a challenge that is newer than all before", async () => {
    const line = stage.newLine();
    const [one, same] = await Promise.all([line.joinWithWork("ada", 1_000), line.other.joinWithWork("ada", 1_000)]);
    assert.deepEqual(one, same);
    await line.leave("ada");
    assert.equal(await line.joinWithWork("ada", 1_000), "work_spent");
    assert.equal(await line.joinWithWork("ada", 999), "work_spent");
    const again = await line.joinWithWork("ada", 1_001);
    assert.equal(again !== "work_spent" && again?.seq, 2);
    const other = await line.joinWithWork("bob", 1_000);
    assert.equal(other !== "work_spent" && other?.seq, 3);
  });

  test("asks for more work the more places it gave in the last seconds, and for the least again afterwards", async () => {
    const line = stage.newLine();
    const bits = () => createLoad({ sql: stage.sql, now: line.now })(line.dropId);
    assert.equal(await bits(), 12);
    await Promise.all(people(160).map(line.join));
    assert.equal(await bits(), 14);
    line.wait(4);
    assert.equal(await bits(), 12);
  });

  test("numbers places by rank before the freeze and by arrival after it, and none gets worse (L2, L5)", async () => {
    const line = await lineOf(3);
    assert.equal((await line.placeOf("person-2"))?.place, null);
    await line.draw([3, 1, 2]);
    await line.join("late");
    const placesOf = async () =>
      Promise.all([...people(3), "late"].map(async (userId) => (await line.placeOf(userId))?.place));
    assert.deepEqual(await placesOf(), [3, 1, 2, 4]);
    await line.leave("person-2");
    await line.turn();
    assert.deepEqual(await placesOf(), [3, undefined, 2, 4]);
  });

  test("calls no one before the order is known, then as many as units are free, once by two processes", async () => {
    const line = await lineOf(30, {}, { lamp: 10 });
    await line.turn();
    assert.equal(await line.called(), 0);
    await line.draw();
    const turns = await Promise.all([line.turn(), line.other.turn()]);
    assert.deepEqual(turns.map(({ turned }) => turned).toSorted(), [false, true]);
    assert.equal(await line.called(), 10);
    line.wait(1);
    await line.turn();
    assert.equal(await line.called(), 10, "those who were called may still come");
    line.wait(21);
    await line.turn();
    assert.equal(await line.called(), 20, "no one came within twenty seconds");
  });

  test("O28: calls on when its clock was set back, without waiting until it has caught up", async () => {
    const line = await lineOf(20, {}, { lamp: 5 });
    await line.draw();
    assert.equal((await line.turn()).turned, true);
    const before = await line.rate();
    line.wait(-120);
    assert.equal((await line.turn()).turned, true);
    assert.ok((await line.rate()) >= before, "its pace is the one that it had");
    assert.equal((await line.turn()).turned, false);
    line.wait(1);
    assert.equal((await line.turn()).turned, true);
  });

  test("O28: its calls and passes are in order for those who check it, although the clock was set back between them", async () => {
    const line = await lineOf(4, {}, { lamp: 1 });
    await line.draw();
    await line.turn();
    line.wait(-3_600);
    line.free.set("lamp", 4);
    for (let i = 0; i < 30; i += 1) {
      await line.turn();
      for (let who = 1; who <= 4; who += 1) await line.claim(`person-${who}`);
      line.wait(1);
    }
    const { calls, served } = createPublished({ sql: stage.sql } as never);
    const numbersOf = (text: string) =>
      text
        .trim()
        .split("\n")
        .map((row) => row.split(" ").map(Number));
    const called = numbersOf(await calls(line.dropId)).map(([atMs = 0, called = 0]) => ({ atMs, called }));
    const passes = numbersOf(await served(line.dropId)).map(([place = 0, atMs = 0]) => ({
      place,
      atMs,
      outcome: "live",
    }));
    assert.ok(called.length > 1 && passes.length === 4, JSON.stringify([called, passes]));
    const { outcome, says } = checkCalls(called, passes);
    assert.equal(outcome, "holds", says);
  });

  test("F1: passes over people who left", async () => {
    const line = await lineOf(6, {}, { lamp: 2 });
    await line.draw();
    for (const userId of ["person-1", "person-2", "person-4"]) await line.leave(userId);
    await line.turn();
    assert.equal(await line.called(), 5);
  });

  test("gives a called person one pass, the same in fifty requests at once, and no one else any", async () => {
    const line = await lineOf(3, {}, { lamp: 1 });
    await line.draw();
    assert.equal((await line.claim("person-1")).ok, false);
    await line.turn();
    const claims = await Promise.all(
      Array.from({ length: 50 }, (_, i) => (i % 2 ? line : line.other).claim("person-1")),
    );
    const passIds = new Set(claims.map((claim) => claim.ok && claim.pass.passId));
    assert.equal(passIds.size, 1);
    const reasonOf = async (userId: string) => {
      const claim = await line.claim(userId);
      return claim.ok ? "a pass" : claim.reason;
    };
    assert.deepEqual([await reasonOf("person-2"), await reasonOf("stranger")], ["not_your_turn", "not_in_line"]);
  });

  test("never gives more passes than units are free, however many ask in two processes (L3)", async () => {
    const line = await lineOf(40, {}, { lamp: 7 });
    await line.draw();
    await stage.sql.query("update room.room set called = 40 where drop_id = $1", [line.dropId]);
    const claims = await Promise.all(people(40).map((userId, i) => (i % 2 ? line : line.other).claim(userId)));
    assert.equal(claims.filter(({ ok }) => ok).length, 7);
    assert.equal(await line.keptUnits(), 7);
  });

  test("answers a person who ordered with the order, and gives the unit of a pass that lapsed to another", async () => {
    const line = await lineOf(3, {}, { lamp: 2 });
    await line.draw();
    await line.turn();
    const first = await line.claim("person-1");
    const second = await line.claim("person-2");
    assert.ok(first.ok && second.ok);
    await line.order(first.pass.orderId);
    assert.deepEqual(await line.claim("person-1"), { ok: false, reason: "pass_spent", orderId: first.pass.orderId });
    line.wait(121);
    const late = await line.claim("person-2");
    assert.equal(late.ok || late.reason, "not_your_turn", "its order may have been taken at the last instant");
    line.wait(11);
    await line.turn();
    assert.equal(await line.called(), 3, "person-2 has gone away");
    assert.ok((await line.claim("person-3")).ok);
    const gone = await line.claim("person-2");
    assert.equal(gone.ok || gone.reason, "nothing_free");
  });

  test("hears from the books at its end of an order whose event was lost, and lets the other passes lapse", async () => {
    const line = await lineOf(2, {}, { lamp: 3 });
    await line.draw();
    await line.turn();
    const [first, second] = [await line.claim("person-1"), await line.claim("person-2")];
    assert.ok(first.ok && second.ok);
    const { orderId, userId, productId } = first.pass;
    const claimed = { orderId, userId, productId, fate: "claimed", quantity: 2, decidedAt: new Date() } as const;
    const failed = { ...claimed, orderId: second.pass.orderId, fate: "void" } as const;
    const fatesOf = async (asked: readonly string[]) => [claimed, failed].filter((one) => asked.includes(one.orderId));
    for (let i = 0; i < 2; i += 1) await endLine({ sql: stage.sql, fatesOf }, line.dropId, new Date(line.now()));
    const passes = () =>
      stage.sql.query("select state, quantity from room.pass where drop_id = $1 order by seq", [line.dropId]);
    assert.deepEqual(await passes(), [
      { state: "spent", quantity: 2 },
      { state: "lapsed", quantity: null },
    ]);
    await line.order(second.pass.orderId);
    assert.deepEqual((await passes())[1], { state: "spent", quantity: 1 }, "its event came after the end");
    const [room] = await stage.sql.query("select closed_at from room.room where drop_id = $1", [line.dropId]);
    assert.deepEqual(room, { closed_at: new Date(line.now()) });
  });

  test("gives passes as soon as the drop is open, also while requests from before wait", async () => {
    const line = await lineOf(2, {}, { lamp: 2 });
    await line.draw();
    await line.turn();
    const early = line.claim("person-1", {}, false);
    await new Promise(setImmediate);
    assert.ok((await line.claim("person-2")).ok);
    assert.equal((await early).ok, false);
  });

  test("makes a pass longer once, and it stays the key of the same order", async () => {
    const line = await lineOf(1, {}, { lamp: 1 });
    await line.draw();
    await line.turn();
    const first = await line.claim("person-1");
    line.wait(100);
    const longer = await line.claim("person-1", { renew: true });
    line.wait(10);
    const again = await line.claim("person-1", { renew: true });
    assert.ok(first.ok && longer.ok && again.ok);
    assert.equal(longer.pass.orderId, first.pass.orderId);
    assert.equal(longer.pass.expiresAt.getTime() - first.pass.expiresAt.getTime(), 100_000);
    assert.deepEqual(again.pass.expiresAt, longer.pass.expiresAt);
  });

  test("calls no one and loses nothing while the gate is away", async () => {
    const line = await lineOf(5, {}, { lamp: 2 });
    await line.draw();
    line.setGateAway(true);
    await line.turn();
    assert.equal(await line.called(), 0);
    line.setGateAway(false);
    line.wait(1);
    await line.turn();
    assert.equal(await line.called(), 2);
    line.setGateAway(true);
    const claim = await line.claim("person-1");
    assert.equal(claim.ok || claim.reason, "nothing_free");
    line.setGateAway(false);
    assert.ok((await line.claim("person-1")).ok);
  });

  test("comes through a death at each step of a turn and of a claim: places, calls and passes stay right", async () => {
    for (let last = 1; ; last += 1) {
      const line = await lineOf(4, {}, { lamp: 2 });
      await line.draw();
      const { mortal, isOver } = mortalSql(stage.sql, last);
      const dying = line.processOn(mortal);
      await dying.turn().catch(() => {});
      await dying.claim("person-1").catch(() => {});
      const survived = !isOver();
      line.wait(1);
      await line.turn();
      assert.equal(await line.called(), 2, `a death at step ${last}`);
      for (const userId of ["person-1", "person-2"])
        assert.ok((await line.claim(userId)).ok, `a death at step ${last}`);
      assert.equal(await line.keptUnits(), 2);
      if (survived) break;
    }
  });
});
