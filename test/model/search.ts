/** Breadth first over every order of events, so that the first violation has a shortest path. */
import { broken, leftOver } from "./laws.ts";
import { movesOf } from "./moves.ts";
import type { Setting } from "./settings.ts";
import { copyOf, firstWorld, keyOf, type World } from "./world.ts";

export type Found = {
  states: number;
  /** States in which only faults can still happen. */
  quiet: number;
  /** The broken law, and the events that lead to it. */
  violation: { says: string; path: string[] } | undefined;
};

/** The way to a world. It does not keep the worlds on the way: there are hundreds of thousands. */
type Way = { from: Way | undefined; by: string };
type Node = { world: World; key: string; way: Way | undefined };

const tooMany = 300_000;

/** @throws Error if the setting has too many states to try them all. */
export function search(setting: Setting): Found {
  const world = firstWorld(setting);
  const first: Node = { world, key: keyOf(world), way: undefined };
  const seen = new Set([first.key]);
  let frontier = [first];
  let quiet = 0;
  while (frontier.length > 0) {
    const next: Node[] = [];
    for (const node of frontier) {
      let isQuiet = true;
      for (const { name, fault, make } of movesOf(node.world, setting.mutant)) {
        const world = copyOf(node.world);
        const fell = faultOf(() => make(world));
        const key = keyOf(world);
        // A move that leads back here is no progress: a late row, a stub that is gone.
        if (!fault && key !== node.key) isQuiet = false;
        const { size } = seen;
        if (!fell && seen.add(key).size === size) continue;
        const way: Way = { from: node.way, by: name };
        const says = fell ?? broken(world);
        if (says) return { states: seen.size, quiet, violation: { says, path: pathOf(way) } };
        next.push({ world, key, way });
      }
      if (!isQuiet) continue;
      quiet += 1;
      const says = leftOver(node.world);
      if (says) return { states: seen.size, quiet, violation: { says, path: pathOf(node.way) } };
    }
    if (seen.size > tooMany) throw new Error(`"${setting.name}" has more than ${tooMany} states`);
    frontier = next;
  }
  return { states: seen.size, quiet, violation: undefined };
}

function faultOf(make: () => void): string | undefined {
  try {
    make();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function pathOf(way: Way | undefined): string[] {
  const path: string[] = [];
  for (let at = way; at; at = at.from) path.unshift(at.by);
  return path;
}
