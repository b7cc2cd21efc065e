/**
 * People in the line of a drop: they join in many tabs, leave and join again, come late or not at all, take passes and let
 * them lapse or exchange them; units come back from orders that are not paid, and from a delivery.
 */
import type { Sale } from "#inventory";
import { comesWithinMs } from "../../src/room/controller.ts";
import { lineDropOf } from "../../src/room/drop.testing.ts";
import type { LineDrop } from "../../src/room/line-drop.ts";
import type { PassRow } from "../../src/room/pass-rows.ts";
import type { ToldPlace } from "../laws/evidence.ts";
import { exchangeAndOrder } from "./exchange.ts";
import type { SimulatedLine } from "./line-process.ts";
import { ask, enter, insist, type People, payOrNot, placeOrder, sleep, tellPrice } from "./people.ts";
import type { Planted } from "./planted.ts";
import { createRandom, type Random } from "./random.ts";
import type { World } from "./world.ts";

const productId = "rug";
const otherSize = "small rug";
const order = { quantity: 1, expectedTotalMinor: null, idempotencyKey: undefined };
const patienceMs = 25_000;

/** For other planted bugs a line would only cost time. */
const bugs: ReadonlySet<Planted> = new Set([
  "line-unlocked",
  "late-ranked",
  "passes-uncounted",
  "turns-unlocked",
  "drawn-twice",
  "pass-is-no-key",
  "waits-for-leavers",
  "retire-wins",
]);

/** Chance of its own, so that schedules without a line stay what they are. */
export function lineOf(world: World, seed: number): SimulatedLine | undefined {
  const random = createRandom(seed ^ 0x11ae_0014);
  const { planted } = world;
  if (planted ? !bugs.has(planted) : !random.chance(0.15)) return undefined;
  const exchanging = createRandom(seed ^ 0x512e_0060);
  const hasSizes = planted ? planted === "retire-wins" : exchanging.chance(0.4);
  const productIds = hasSizes ? [productId, otherSize] : [productId];
  const nowMs = Math.floor(world.timeline.now());
  const freezesAtMs = nowMs + random.between(1_500, 4_000);
  const drop = lineDropOf(productIds, {
    dropId: "rugs",
    name: "Rugs",
    opensAt: new Date(freezesAtMs + random.between(0, 1_500)),
    closesAt: new Date(nowMs + 7_200_000),
    holdSeconds: 12,
    freezeLeadSeconds: 0,
    admitPerSecond: random.pick([1, 2, 100]),
    listAfterSoldOut: random.chance(0.6),
  });
  return { drop, freezesAtMs, random, exchanging };
}

export async function runLine(world: World, people: People, line: SimulatedLine): Promise<void> {
  const { random, exchanging, drop } = line;
  const sale: Sale = {
    dropId: drop.dropId,
    opensAtMs: drop.opensAt.getTime(),
    closesAtMs: drop.closesAt.getTime(),
    paused: false,
    entry: "pass",
    latchAfterSoldOut: drop.listAfterSoldOut,
    holdMs: drop.holdSeconds * 1_000,
    limitPerPerson: null,
    version: 1,
  };
  world.count("a drop has a line");
  for (const one of productIdsOf(drop)) {
    const units = (one === productId ? random : exchanging).between(1, 3);
    await tellPrice(world, one, 1, null);
    await enter(world, people, one, units, "first");
    await insist(world, people, async (copy) => (await copy.inventory.books.products.setSale(one, sale)).ok);
  }
  const crowd = Array.from({ length: random.between(3, 8) }, (_, i) => `person ${i + 1}`);
  // If all of them stay away, a single unit calls them one after another, each for this long.
  world.extraMs += crowd.length * comesWithinMs;
  const delivery = async () => {
    await sleep(world, random.next() * 12_000);
    if (random.chance(0.5)) await enter(world, people, productId, 1, "delivery");
  };
  await Promise.all([...crowd.map((userId) => standInLine(world, people, line, userId)), delivery()]);
}

async function standInLine(world: World, people: People, line: SimulatedLine, userId: string): Promise<void> {
  const { drop, random } = line;
  people.underWay += 1;
  const comesLate = random.chance(0.3);
  await sleep(world, random.next() * (comesLate ? 12_000 : 2_000));
  await join(world, people, drop, userId, tabsOf(random));
  if (random.chance(0.2)) {
    await sleep(world, random.next() * 4_000);
    const left = await ask(world, (copy) => copy.line.places.leave(drop.dropId, userId));
    if (left !== undefined && random.chance(0.6)) await join(world, people, drop, userId, 1);
  }
  // A person who stays away keeps the place.
  if (random.chance(0.7)) await comeWhenCalled(world, people, line, userId);
  people.underWay -= 1;
}

async function comeWhenCalled(world: World, people: People, line: SimulatedLine, userId: string): Promise<void> {
  const { drop, random, exchanging } = line;
  const giveUpAtMs = world.timeline.now() + patienceMs;
  const renew = random.chance(0.1);
  const productIds = productIdsOf(drop);
  const holder = { dropId: drop.dropId, userId, productIds };
  while (world.timeline.now() < giveUpAtMs) {
    await sleep(world, 500 + random.next() * 1_000);
    const place = await look(world, people, drop, userId);
    if (!place?.called && !place?.offeredUntil) continue;
    const isOpen = world.timeline.now() >= drop.opensAt.getTime();
    const claim = { userId, productId: productIds.length > 1 ? exchanging.pick(productIds) : productId, renew };
    const answers = await Promise.all(
      Array.from({ length: tabsOf(random) }, () =>
        ask(world, (copy) => copy.line.claims.claim({ dropId: drop.dropId, productIds, isOpen }, claim)),
      ),
    );
    const given = answers.find((answer) => answer?.ok);
    if (!given?.ok) continue;
    world.note(`${userId} has pass ${given.pass.passId}`);
    if (random.chance(0.15)) return;
    await sleep(world, random.next() * 3_000);
    const orderWith = (pass: PassRow) => orderInTabs(world, people, line, pass);
    if (productIds.length > 1 && exchanging.chance(0.6)) {
      const passes = { first: given.pass, order: orderWith };
      const made = await exchangeAndOrder(world, people, exchanging, holder, passes);
      for (const orderId of new Set(made)) await payOrNot(world, people, orderId);
      return;
    }
    const orderId = await orderWith(given.pass);
    if (orderId !== undefined) await payOrNot(world, people, orderId);
    return;
  }
}

async function orderInTabs(world: World, people: People, { drop, random }: SimulatedLine, pass: PassRow) {
  const { userId, productId, passId, expiresAt } = pass;
  const isKey = world.planted !== "pass-is-no-key";
  const buying = Array.from({ length: tabsOf(random) }, (_, tab) => {
    const own = isKey ? passId : `${passId} in tab ${tab}`;
    const shown = { passId: own, dropId: drop.dropId, expiresAtMs: expiresAt.getTime() };
    return placeOrder(world, people, { ...order, productId, userId, pass: shown });
  });
  return (await Promise.all(buying)).find((one) => one !== undefined);
}

function productIdsOf({ products }: LineDrop): string[] {
  return products.map(({ productId }) => productId);
}

function tabsOf(random: Random): number {
  return random.chance(0.3) ? random.between(2, 10) : 1;
}

/** In many tabs at once, each until it is answered. */
async function join(world: World, people: People, { dropId }: LineDrop, userId: string, tabs: number) {
  const freezesAtMs = world.line?.freezesAtMs ?? 0;
  const inTab = async () => {
    for (let tries = 0; tries < 60; tries += 1) {
      const place = await ask(world, (copy) => copy.line.places.join({ dropId, userId, mode: "line", freezesAtMs }));
      if (place === "work_spent") throw new Error("a place that asks for no work was refused for its work");
      if (place) return hear(world, people, { dropId, userId, seq: place.seq, place: place.place });
      await sleep(world, 300 + world.random.next() * 700);
    }
  };
  await Promise.all(Array.from({ length: tabs }, inTab));
}

async function look(world: World, people: People, { dropId }: LineDrop, userId: string) {
  const place = await ask(world, (copy) => copy.line.places.of(dropId, userId));
  if (place) hear(world, people, { dropId, userId, seq: place.seq, place: place.place });
  return place;
}

function hear(world: World, people: People, told: ToldPlace): void {
  people.toldPlaces = [...people.toldPlaces, told];
  world.changes += 1;
}
