import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually } from "../../../test/support/eventually.ts";
import { type OrderStage, openOrderStage } from "../stage.testing.ts";
import type { PlaceAnswer } from "./answers.ts";
import { createPulse } from "./pulse.ts";

describe("the pulse of orders", () => {
  let stage: OrderStage;
  let elapsedMs = 0;
  before(async () => {
    stage = await openOrderStage();
  });
  after(() => stage.close());

  const refused = (reason: "sold_out" | "overloaded"): PlaceAnswer => ({ ok: false, reason, orderId: "o" });
  const accepted = (replayed: boolean) =>
    ({ ok: true, order: { orderId: "o", replayed } }) as Extract<PlaceAnswer, { ok: true }>;
  const pulse = () =>
    createPulse({ sql: stage.sql, onFault: (_, error) => assert.fail(String(error)) }, () => elapsedMs);

  /** The commits that the beats of one process made: each of them sets another time. */
  async function beatsOf(one: ReturnType<typeof pulse>, seconds: number): Promise<number> {
    const times = new Set<string>();
    for (let second = 0; second < seconds; second += 1) {
      elapsedMs += 1_000;
      await one.beat();
      const rows = await stage.sql.query<{ at: string }>("select at::text as at from orders.pulse");
      for (const { at } of rows) times.add(at);
    }
    return times.size;
  }

  test("a beat tells what was accepted and refused since the last one, and how long accepts took; a repeat is neither", async () => {
    const one = pulse();
    for (const tookMs of [2, 3, 900]) one.note(accepted(false), tookMs);
    one.note(accepted(true), 5_000);
    for (const reason of ["sold_out", "sold_out", "overloaded"] as const) one.note(refused(reason), 1);
    elapsedMs += 1_250;
    await one.beat();
    const [beat] = await one.read();
    assert.deepEqual([beat?.accepted, beat?.refused, beat?.spanMs], [3, { sold_out: 2, overloaded: 1 }, 1_250]);
    assert.ok(beat?.p99Ms && beat.p99Ms >= 900 && beat.p99Ms <= 1_000);
    elapsedMs += 1_000;
    await one.beat();
    const [after] = await one.read();
    assert.deepEqual([after?.accepted, after?.refused, after?.p99Ms, after?.spanMs], [0, {}, null, 1_000]);
    await one.start().stop();
    assert.deepEqual(await one.read(), []);
  });

  test("a beat carries the three before it, so that a reader who looks each fourth one misses nothing", async () => {
    const one = pulse();
    for (const orders of [1, 2, 3, 4, 5]) {
      for (let i = 0; i < orders; i += 1) one.note(accepted(false), 2);
      elapsedMs += 1_000;
      await one.beat();
    }
    const [beat] = await one.read();
    const spans = [beat, ...(beat?.earlier ?? [])];
    assert.deepEqual(
      spans.map((span) => [span?.number, span?.accepted, span?.spanMs]),
      [5, 4, 3, 2].map((number) => [number, number, 1_000]),
    );
    await one.start().stop();
  });

  test("a minute without orders costs at most seven commits, and an order two more", async () => {
    const one = pulse();
    const idle = await beatsOf(one, 60);
    assert.ok(idle >= 6 && idle <= 7, `${idle} commits`);
    one.note(accepted(false), 2);
    // The order, and that none came since.
    assert.ok((await beatsOf(one, 5)) <= 3);
    await one.start().stop();
  });

  test("orders of two processes are in the beats of both, and a process that stops leaves none", async () => {
    const productId = await stage.newProduct({ stock: 1 });
    const other = stage.open();
    const running = [stage.orders.pulse.start(), other.pulse.start()];
    const place = (orders: typeof other, userId: string) =>
      orders.place({ userId, productId, quantity: 1, expectedTotalMinor: null, idempotencyKey: undefined });
    await keepEveryBeat(stage);
    assert.equal((await place(stage.orders, "ada")).ok, true);
    assert.equal((await place(other, "bob")).ok, false);
    await eventually(async () => (await keptBeats(stage)) === "0 and 1, 1 and 0");
    for (const one of running) await one.stop();
    assert.deepEqual(await other.pulse.read(), []);
  });
});

/** A beat is replaced a second later, and a slow test would miss it. */
async function keepEveryBeat({ sql }: OrderStage): Promise<void> {
  await sql.query("create table kept_beat (process text, accepted integer, sold_out integer)");
  await sql.query(`
    create function keep_beat() returns trigger language plpgsql as $$ begin
      insert into kept_beat values (new.process, new.accepted, coalesce((new.refused->>'sold_out')::integer, 0));
      return new;
    end $$`);
  await sql.query(
    "create trigger keep_beat after insert or update on orders.pulse for each row execute function keep_beat()",
  );
}

/** What each process accepted and refused in all its beats. */
async function keptBeats({ sql }: OrderStage): Promise<string> {
  const rows = await sql.query<{ accepted: number; refused: number }>(
    `select sum(accepted)::integer as accepted, sum(sold_out)::integer as refused
       from kept_beat group by process order by accepted`,
  );
  return rows.map(({ accepted, refused }) => `${accepted} and ${refused}`).join(", ");
}
