/** A cell of the fault matrix: one fault, and its result. */
import type { Figures, TrialResult } from "./trial.ts";

export type Cell = {
  /** The law of its group, which begins with the hazards that it holds. */
  group: string;
  name: string;
  run(random: () => number): Promise<CellResult>;
};

export type Group<C> = { title: string; cells: readonly C[] };

/** Its title begins with the hazards that it holds; docs/hazards.md has them from there. */
export function group<C>(title: string, cells: readonly C[]): Group<C> {
  return { title, cells };
}

export type CellResult = { figures: Figures; faults: string[] };
export type Done = CellResult & { group: string; name: string; ms: number };

const shownBreaches = 8;

/** All faults of a trial, in sentences. */
export function faultsOf({ broken, notes }: TrialResult): string[] {
  return [
    ...notes,
    ...broken.map(({ law: { name }, breaches }) => {
      const shown = breaches.slice(0, shownBreaches).map(({ shows }) => `\n      ${shows}`);
      return `${name}: ${breaches.reduce((all, { count }) => all + count, 0)}${shown.join("")}`;
    }),
  ];
}

export const nothingTried: Figures = {
  tried: 0,
  accepted: 0,
  confirmed: 0,
  failed: 0,
  sold: 0,
  samples: 0,
  recoveryMs: 0,
};
