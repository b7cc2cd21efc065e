/**
 * One event that may happen next in a world. An event that is not a `fault` happens sooner or later; a fault need not.
 */
import type { World } from "./world.ts";

export type Move = { name: string; fault?: true; make(world: World): void };
