/** An operator who puts a product into a drop, moves its window, pauses and resumes it. */
import type { Sale } from "#inventory";
import type { Terms } from "../laws/evidence.ts";
import { insist, type People, sleep } from "./people.ts";
import { createRandom, type Random } from "./random.ts";
import type { World } from "./world.ts";

const changes = 5;
const extensionMs = 6_000;

/** Chance of its own, so that schedules without a drop stay what they are. */
export function operatorsOf(
  world: World,
  people: People,
  products: readonly string[],
  seed: number,
): (() => Promise<void>)[] {
  const random = createRandom(seed ^ 0x0d50_9000);
  if (!random.chance(0.3)) return [];
  return [() => runDrop(world, people, random.pick(products), random)];
}

async function runDrop(world: World, people: People, productId: string, random: Random): Promise<void> {
  world.count("an operator runs a drop");
  const nowMs = Math.floor(world.timeline.now());
  let sale: Sale = {
    dropId: "lamps",
    opensAtMs: nowMs + random.between(-500, 1_500),
    closesAtMs: nowMs + random.between(4_000, 60_000),
    paused: false,
    holdMs: 12_000,
    version: 1,
  };
  await set(world, people, productId, sale);
  for (let version = 2; version <= changes; version += 1) {
    await sleep(world, random.next() * 1_500);
    const former = sale;
    sale = { ...sale, ...changeOf(sale, random), version };
    await set(world, people, productId, sale);
    // A process that was slow, or that carried on what another one had begun, says again what is over.
    if (random.chance(0.3)) await insist(world, people, setting(productId, former));
  }
}

function changeOf({ paused, opensAtMs, closesAtMs }: Sale, random: Random): Partial<Sale> {
  if (random.chance(0.7)) return { paused: !paused };
  const byMs = random.between(-2_000, 2_000);
  return random.chance(0.5) ? { closesAtMs: closesAtMs + byMs } : { opensAtMs: opensAtMs + byMs };
}

async function set(world: World, people: People, productId: string, sale: Sale): Promise<void> {
  const told: Terms = { ...sale, productId, beganMs: world.timeline.now(), answeredMs: undefined };
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
}

const setting =
  (productId: string, sale: Sale) =>
  async (copy: World["copies"][number]): Promise<boolean> =>
    (await copy.inventory.books.products.setSale(productId, sale, extensionMs)).ok;
