/**
 * The laws L1 to L7 of the line, of the exchange of passes and of the latch, under any commands: random people, staff and
 * loops of two processes on a database and a gate, judged after each step.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import type { Sql } from "#engines/sql";
import { createJudge } from "../../test/laws/law.ts";
import { laws } from "../../test/laws/laws.ts";
import { openTestDatabase } from "../../test/support/database.ts";
import { repeat, seeded } from "../../test/support/seeded.ts";
import { migrate } from "../engines/sql/migrate.ts";
import { type LineWorld, openLineWorld } from "./line-world.testing.ts";
import { type Plant, type Planted, plantedBugs } from "./planted.testing.ts";
import { roomSchema } from "./room.ts";

const people = ["ada", "bob", "cid", "dan", "eve", "fay"];
const waits = [1, 2, 5, 12, 25, 40, 130, 620];
const longestOfferSeconds = 620;
/**
 * The commands of this seed show each planted bug within some twenty runs. Those of a random one may take some hundred, and
 * a busy machine minutes for them.
 */
const showsEachBug = 1;
/** Each turn calls one more person at least, or offers them a unit. */
const mostTurns = 20;

/** With their weights. The `which` of a command picks a product, an order, a former pass or a time. */
const acts = {
  join: 6,
  look: 1,
  leave: 1,
  ask: 8,
  order: 5,
  exchange: 3,
  "buy without a pass": 3,
  "an order ends": 3,
  "a payment comes late": 1,
  "a unit is delivered": 1,
  "orders are heard of": 3,
  pause: 1,
  "the gate goes away": 1,
  turn: 10,
  wait: 6,
} as const;
type Act = keyof typeof acts;
type Command = { act: Act; who: number; which: number; process: 0 | 1 };

const command: fc.Arbitrary<Command> = fc.record({
  act: fc.oneof(...Object.entries(acts).map(([act, weight]) => ({ arbitrary: fc.constant(act as Act), weight }))),
  who: fc.nat(people.length - 1),
  which: fc.nat(waits.length - 1),
  process: fc.constantFrom(0, 1),
});
const several = fc.array(command, { minLength: 2, maxLength: 4 });
/** The commands of a step are given at the same time, some of them by one person in many tabs. */
const step = fc.oneof(
  { arbitrary: fc.tuple(command), weight: 3 },
  { arbitrary: several, weight: 1 },
  { arbitrary: fc.tuple(several, fc.nat()).map(([all, who]) => all.map((one) => ({ ...one, who }))), weight: 1 },
);
const beginnings = ["before the freeze", "while it is drawn", "at the opening", "when all is sold"] as const;
const entries = ["line", "draw", "open"] as const;

/** Planted bugs are looked for where they can show. */
function storyOf({ begins = beginnings, entry = entries }: Pick<Plant, "begins" | "entry">) {
  return fc.record({
    begins: fc.constantFrom(...begins),
    entry: fc.constantFrom(...entry),
    units: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
    steps: fc.array(step, { minLength: 15, maxLength: 40, size: "max" }),
  });
}
type Story = ReturnType<typeof storyOf> extends fc.Arbitrary<infer S> ? S : never;

/** Acts of the world around the people, which come first in a step. */
async function around(world: LineWorld, { act, which }: Command): Promise<void> {
  if (act === "pause") await world.pause(true);
  if (act === "the gate goes away") world.setGateAway(true);
  if (act !== "wait") return;
  world.wait(waits[which] ?? 1);
  if (which % 2 === 0) await recover(world);
}

/** A pause and the gate's absence end. */
async function recover(world: LineWorld): Promise<void> {
  world.setGateAway(false);
  await world.pause(false);
}

async function run(world: LineWorld, { act, who, which, process: at }: Command): Promise<void> {
  const userId = people[who % people.length] ?? "";
  const holder = world.holders()[who % Math.max(1, world.holders().length)] ?? userId;
  const productId = world.products[which % world.products.length] ?? "";
  switch (act) {
    case "join":
      return world.join(userId, at);
    case "look":
      return world.look(userId, at);
    case "leave":
      return world.leave(userId, at);
    case "ask":
      return world.ask(userId, at, { productId, renew: which > 5 });
    case "exchange":
      return world.exchange(holder, at, which);
    case "order":
      return world.order(holder, which > 5 ? 1 : 0, which);
    case "buy without a pass":
      return world.buyWithoutPass(userId, productId);
    case "an order ends":
      return world.endOrder(which);
    case "a payment comes late":
      return world.payLate(which);
    case "a unit is delivered":
      return world.deliver(productId);
    case "orders are heard of":
      return world.hearOfOrders();
    case "turn":
      return world.turn(at);
    default:
      return undefined;
  }
}

/** Four people have joined; the line is frozen, drawn, and sold out, as far as the story is to begin there. */
function prologueOf({ products }: LineWorld, begins: Story["begins"]): Command[][] {
  const all = (act: Act, which = 0): Command[] => people.map((_, who) => ({ act, who, which, process: 0 }));
  const one = (act: Act, which = 0): Command[] => all(act, which).slice(0, 1);
  const later = (seconds: number) => one("wait", waits.indexOf(seconds));
  const stages = [
    [],
    [all("join").slice(0, 4), later(40), one("turn")],
    [later(25), one("turn"), later(2), one("turn")],
    products.flatMap((_, i) => [all("ask", i), all("order"), all("buy without a pass", i)]),
  ];
  return stages.slice(0, beginnings.indexOf(begins) + 1).flat();
}

const ofLines = laws.filter(({ about }) => about === "line");

/** Judges after each step; then all people stay away, and the units that are left must be offered down the whole line. */
async function judge(sql: Sql, { begins, steps, ...options }: Story, planted?: Planted): Promise<void> {
  const world = openLineWorld(sql, { ...options, planted });
  // A bug may break several laws; the one that it is planted for must tell of it.
  const judging = createJudge(ofLines.filter(({ name }) => !planted || name === plantedBugs[planted].law));
  await world.ready();

  async function breaches(before: ReadonlyMap<string, number>, atRest = false): Promise<string> {
    const broken = judging(await world.evidence(before, atRest));
    return broken.map((one) => `${one.law.name}: ${one.breaches.map(({ shows }) => shows).join("; ")}`).join("\n");
  }

  for (const commands of [...prologueOf(world, begins), ...steps]) {
    for (const one of commands) await around(world, one);
    const before = await world.units();
    const done = await Promise.allSettled(commands.map((one) => run(world, one)));
    const broken = await breaches(before);
    if (broken !== "") assert.fail(broken);
    for (const one of done) if (one.status === "rejected") throw one.reason;
  }
  await recover(world);
  await world.hearOfOrders();
  for (let turns = 0; (await breaches(await world.units(), true)) !== ""; turns += 1) {
    if (turns === mostTurns) assert.fail(await breaches(await world.units(), true));
    world.wait(longestOfferSeconds);
    await world.turn(0);
  }
}

describe("any commands of people, staff and processes keep the laws of the line", () => {
  let database: Awaited<ReturnType<typeof openTestDatabase>>;
  before(async () => {
    database = await openTestDatabase();
    await migrate({ url: database.url, modules: [roomSchema] });
  });
  after(() => database?.close());

  test("L1 to L7, exchanged passes make no order, and units that come back go to the line", async (t) => {
    t.diagnostic(repeat);
    await fc.assert(
      fc.asyncProperty(storyOf({}), (told) => judge(database.sql, told)),
      { ...seeded(), numRuns: 25 },
    );
  });

  for (const [bug, plant] of Object.entries<Plant>(plantedBugs)) {
    test(`planted: ${plant.says}`, async (t) => {
      const planted = bug as Planted;
      const found = await fc.check(
        fc.asyncProperty(storyOf(plant), (told) => judge(database.sql, told, planted)),
        { seed: showsEachBug, numRuns: 400, endOnFailure: true },
      );
      assert.ok(found.failed, "no commands showed it");
      const { message } = found.errorInstance as Error;
      assert.ok(message.startsWith(`${plant.law}: `), message);
      t.diagnostic(`${message}, after ${found.numRuns} runs`);
    });
  }
});
