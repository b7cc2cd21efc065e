/** The figures of a benchmark, and the goals that they are compared with. */
import type { Engines } from "./stage.ts";

export type Figure = {
  /** A name of `goals` or one without a goal. */
  metric: string;
  /** Median of the pairs or turns, if there were several. */
  value: number;
  range?: readonly [least: number, most: number];
  unit: string;
  /** The conditions of the figure, such as the size of the backlog. */
  says?: string;
};

export type Run = {
  name: string;
  on: Engines;
  figures: readonly Figure[];
  tookSeconds: number;
  pairs: number;
  seconds: number;
  /** Absent in older runs, whose warm-up was as long as a run. */
  warmUpSeconds?: number;
  connections: number;
};

export type Goal = { floor: number; goal: number; better: "more" | "less" };

/** Values by engines where they differ. */
type Goals = Readonly<Record<string, Goal | { embedded: Goal; real: Goal }>>;

/** For two cores with everything aboard. */
export const goals: Goals = {
  "accept, burst ÷ bare": { embedded: more(0.45, 0.6), real: more(0.35, 0.45) },
  "accept, sustained ÷ bare": { embedded: more(0.3, 0.4), real: more(0.2, 0.3) },
  "accept, CPU of the process": less(35, 20),
  "accept, CPU of Redis": less(10, 5),
  "settled ÷ sustained": more(1.5, 2),
  confirmed: more(500, 1_500),
  "confirmed ÷ naive": more(5, 10),
  "writes, placed to CONFIRMED": less(5, 1),
  "latency at 70 %, p99": less(10, 5),
  "latency at 70 %, p99.9": less(50, 25),
  "placed to CONFIRMED at 500/s, p50": less(150, 50),
  "placed to CONFIRMED at 500/s, p99": less(500, 200),
  "sold out ÷ bare": more(0.6, 0.85),
  "sold out, Redis calls": less(0.1, 0.001),
  "overload 2 ×, goodput": more(0.7, 0.9),
  "overload 4 ×, goodput": more(0.5, 0.8),
  "one product ÷ many": more(0.9, 0.99),
  "lost by orders kept, accept": less(0.05, 0.01),
  "lost by orders kept, settle": less(0.05, 0.01),
  "lost by orders kept, confirmed": less(0.05, 0.01),
  "lost by products, accept": less(0.05, 0.01),
  "start with 1000000 orders kept": less(5_000, 3_000),
  "held by a reconcile with 5000 products": less(10, 5),
  "streams, share of a core": less(0.05, 0.02),
  "recovery after kill -9": less(10, 3),
  "idle, writes a minute": less(300, 60),
  "idle, CPU of everything": less(2, 0.5),
};

function more(floor: number, goal: number): Goal {
  return { floor, goal, better: "more" };
}

function less(floor: number, goal: number): Goal {
  return { floor, goal, better: "less" };
}

export function goalOf(metric: string, on: Engines): Goal | undefined {
  const found = goals[metric];
  return found && "embedded" in found ? found[on] : found;
}

export type Rating = "goal" | "floor" | "below" | "no goal";

export function ratingOf({ metric, value }: Figure, on: Engines): Rating {
  const goal = goalOf(metric, on);
  if (!goal) return "no goal";
  if (!Number.isFinite(value)) return "below";
  const reaches = (limit: number) => (goal.better === "more" ? value >= limit : value <= limit);
  return reaches(goal.goal) ? "goal" : reaches(goal.floor) ? "floor" : "below";
}

/** A figure of several values: their median, and the range. */
export function figureOf(metric: string, values: readonly number[], unit: string, says?: string): Figure {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (i: number) => sorted[i] ?? Number.NaN;
  const range: Figure["range"] = [at(0), at(sorted.length - 1)];
  return { metric, value: at(Math.floor(sorted.length / 2)), range, unit, ...(says !== undefined && { says }) };
}

/** The value below which the share of them lies, of values in ascending order. */
export function quantile(ascending: readonly number[], share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? Number.NaN;
}

/** Three digits that count. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return "none";
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(3)));
}
