/** An operator who puts a product into a drop, moves its window, pauses and resumes it, and cancels some. */
import type { Sql } from "#engines/sql";
import type { Sale } from "#inventory";
import { endOrdersOfCancelled } from "../../src/drops/cancellation.ts";
import type { Terms } from "../laws/evidence.ts";
import { ask, insist, type People, sleep } from "./people.ts";
import { createRandom, type Random } from "./random.ts";
import type { World } from "./world.ts";

const changes = 5;
const extensionMs = 6_000;
const nextDropInMs = 86_400_000;

/** Chance of its own, so that schedules without a drop stay what they are. */
export function operatorsOf(
  world: World,
  people: People,
  products: readonly string[],
  seed: number,
): (() => Promise<void>)[] {
  const random = createRandom(seed ^ 0x0d50_9000);
  const { planted } = world;
  if (!random.chance(0.3) && planted !== "latch-open") return [];
  // Chance of its own too, so that drops without a list stay what they are.
  const hasList = planted ? planted === "latch-open" : createRandom(seed ^ 0x1a7c_4000).chance(0.25);
  return [() => runDrop(world, people, { productId: random.pick(products), hasList }, random)];
}

type Dropped = { productId: string; hasList: boolean };

async function runDrop(world: World, people: People, { productId, hasList }: Dropped, random: Random): Promise<void> {
  world.count(hasList ? "an operator runs a drop with a list" : "an operator runs a drop");
  const nowMs = Math.floor(world.timeline.now());
  let sale: Sale = {
    dropId: "lamps",
    opensAtMs: nowMs + random.between(-500, 1_500),
    closesAtMs: nowMs + random.between(4_000, 60_000),
    paused: false,
    entry: "open" as const,
    latchAfterSoldOut: hasList,
    holdMs: 12_000,
    limitPerPerson: null,
    version: 1,
  };
  await set(world, people, productId, sale);
  const isCancelled = random.chance(0.5);
  const last = isCancelled ? random.between(1, changes) : changes;
  for (let version = 2; version <= last; version += 1) {
    await sleep(world, random.next() * 1_500);
    const former = sale;
    sale = { ...sale, ...changeOf(sale, random), version };
    await set(world, people, productId, sale);
    // A process that was slow, or that carried on what another one had begun, says again what is over.
    if (random.chance(0.3)) await insist(world, people, setting(productId, former));
  }
  if (isCancelled) await cancelDrop(world, people, productId, { ...sale, version: changes + 1 }, random);
}

/** Once the closing terms hold, the loop of every process ends the orders, until one of them has found none. */
async function cancelDrop(world: World, people: People, productId: string, sale: Sale, random: Random): Promise<void> {
  world.count("an operator cancels a drop");
  const closesAtMs = Math.min(sale.closesAtMs, Math.floor(world.timeline.now()));
  const holds = await set(world, people, productId, { ...sale, closesAtMs }, true);
  if (!holds) return;
  // Of some drops the products are in a later one too.
  const until = sale.paused ? new Date(world.timeline.now() + nextDropInMs) : null;
  const drop = { dropId: sale.dropId, products: [{ productId }], scheduledAt: new Date(0), until, actor: "ann" };
  let isEnded = false;
  // Stands in for the row of the drop; the schema of drops has no twins.
  const row = {
    async query(text: string) {
      if (text.startsWith("update")) isEnded = true;
      return isEnded ? [] : [drop];
    },
  } as unknown as Sql;
  const turn = () =>
    ask(world, ({ process, inventory, orders }) =>
      endOrdersOfCancelled({
        sql: row,
        inventory,
        orders,
        now: () => world.timeline.now(),
        onFault: (what, error) => world.note(`${process.name}: ${what} failed: ${String(error)}`),
      }),
    );
  people.underWay += 1;
  while (!isEnded) {
    await Promise.all(random.chance(0.3) ? [turn(), turn()] : [turn()]);
    await sleep(world, 1_000);
  }
  people.underWay -= 1;
}

function changeOf({ paused, opensAtMs, closesAtMs }: Sale, random: Random): Partial<Sale> {
  if (random.chance(0.7)) return { paused: !paused };
  const byMs = random.between(-2_000, 2_000);
  return random.chance(0.5) ? { closesAtMs: closesAtMs + byMs } : { opensAtMs: opensAtMs + byMs };
}

/** Returns whether the operator heard that the terms hold. */
async function set(world: World, people: People, productId: string, sale: Sale, isCancelled = false): Promise<boolean> {
  const when = { beganMs: world.timeline.now(), answeredMs: undefined };
  const hasList = sale.latchAfterSoldOut && { hasList: true as const };
  const told: Terms = { ...sale, productId, ...when, ...(isCancelled && { cancelled: true }), ...hasList };
  people.terms = [...people.terms, told];
  await insist(world, people, async (copy) => {
    const { ok } = await copy.inventory.books.products.setSale(productId, sale, extensionMs);
    if (ok) told.answeredMs ??= world.timeline.now();
    people.terms = [...people.terms];
    return ok;
  });
  world.note(
    `an operator ${told.answeredMs === undefined ? "gives up" : "hears that it holds"}: version ${sale.version}`,
  );
  return told.answeredMs !== undefined;
}

const setting =
  (productId: string, sale: Sale) =>
  async (copy: World["copies"][number]): Promise<boolean> =>
    (await copy.inventory.books.products.setSale(productId, sale, extensionMs)).ok;
