/** An operator changes a price while the gate is loaded, and the process that loads it may die as soon as it has. */
import { type People, sleep, tellPrice } from "./people.ts";
import { createRandom, type Random } from "./random.ts";
import type { Copy, World } from "./world.ts";

export type PriceChanges = { limit: number | null; seed: number; restart(copy: Copy): void };

const looks = 400;

/** Chance of its own, so that the other schedules stay what they are. */
export function pricesOf(
  world: World,
  people: People,
  products: readonly string[],
  { limit, seed, restart }: PriceChanges,
): (() => Promise<void>)[] {
  const chance = createRandom(seed ^ 0x9c1c_e000);
  if (!chance.chance(0.2) && world.planted !== "prices-uncompared") return [];
  return [
    async () => {
      people.underWay += 1;
      const productId = chance.pick(products);
      const tell = () => tellPrice(world, productId, 4, limit);
      await loadSlowly(world, productId, { chance, tell, restart });
      people.underWay -= 1;
    },
  ];
}

type Loading = { chance: Random; tell(): Promise<void>; restart: PriceChanges["restart"] };

/** The image comes late to the gate, so that the price mostly comes between the two. */
async function loadSlowly(world: World, productId: string, { chance, tell, restart }: Loading): Promise<void> {
  const { gate, network } = world;
  const copy = world.anyCopy();
  if (!copy) return;
  world.count("a price changes during a rebuild");
  network.weather.slow = `gate install ${productId}`;
  const epoch = gate.state.get(productId)?.epoch;
  const lookMs = Math.max(1, network.weather.latencyMs / 4);
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  copy.inventory.agreement.sync(true).then(over, over);
  const until = async (is: () => boolean | undefined) => {
    for (let i = 0; i < looks && !isOver && !is(); i += 1) await sleep(world, lookMs);
  };
  await until(() => gate.state.get(productId)?.open === false);
  await sleep(world, chance.next() * 500);
  const told = tell();
  await until(() => gate.state.get(productId)?.epoch !== epoch);
  const dies = chance.chance(0.5) || world.planted === "prices-uncompared";
  if (dies && !copy.process.dead && !isOver) restart(copy);
  network.weather.slow = undefined;
  await told;
}
