/** Faults of machines rather than processes: a failover that leaves sessions behind, a clock that is set. */
import { sleep } from "./people.ts";
import type { Planted } from "./planted.ts";
import type { World } from "./world.ts";

export function machineFaultsOf(world: World, planted: Planted | undefined): (() => Promise<void>)[] {
  const { random, timeline, books, log } = world;

  async function failOver(): Promise<void> {
    world.count("the books take no writes");
    const { opening } = books.server;
    opening.generation += 1;
    opening.takesWrites = false;
    await sleep(world, random.next() * 4_000);
    // Sessions that were opened meanwhile stay read-only.
    opening.takesWrites = true;
  }

  /** The log accepts nothing for a while, and during that the clock of a machine is set. */
  async function setClock(): Promise<void> {
    world.count("a clock is set");
    log.takesNothing = true;
    await sleep(world, random.next() * 2_000);
    const byMs = random.pick([-3_600_000, -120_000, 120_000, 3_600_000]);
    for (const { process } of world.copies) if (random.chance(0.6)) process.skewMs += byMs;
    if (planted === "pauses-by-time-of-day") timeline.elapsed.setByMs += byMs;
    await sleep(world, random.next() * 500);
    log.takesNothing = false;
  }

  return [failOver, setClock];
}
