/**
 * Durable stories: each is told to its end, across crashes of whoever tells it.
 * Two adapters pass `workflows.contract.ts`: DBOS (embedded default) and Temporal.
 */

// biome-ignore lint/suspicious/noExplicitAny: a step's own type is checked where the story is written.
export type Steps = Record<string, (input: any) => Promise<any>>;

/**
 * Waits until somebody nudges this run or the moment passes, whichever is first.
 * A nudge carries nothing: what happened is read from the books by a step.
 */
export type WaitForNudge = (untilMs: number) => Promise<"nudged" | "deadline">;

export type Story<Input, S extends Steps> = {
  /** The workflow type's name; on Temporal also the name of the function that the workflow file exports. */
  name: string;
  /**
   * Pure: its only effects are its steps and its waiting, in an order that follows from its input and their answers.
   * A thrown step means that its attempts are used up; whether it took effect is unknown.
   */
  tell(input: Input, steps: S, waitForNudge: WaitForNudge): Promise<string>;
  /** Each may be run again, after a crash even while it is still running elsewhere, so each is idempotent. */
  steps: S;
  /** Steps that are past giving up: they are repeated until they succeed. The others are tried a few times, then thrown. */
  repeated: ReadonlySet<keyof S & string>;
};

export type Workflows<Input> = {
  /** Idempotent by id: a run that was started before, open or ended, is left as it is. */
  start(id: string, input: Input): Promise<void>;
  /** Wakes a waiting run; without effect on one that is unknown or has ended. */
  nudge(id: string): Promise<void>;
  /**
   * What the run returned, or undefined while it is open or unknown.
   * @throws when the story itself threw: that run will not go on.
   */
  outcome(id: string): Promise<string | undefined>;
  /** Open runs stay open, and whoever opens the same engine next goes on with them. */
  close(): Promise<void>;
};

/** How patiently a step is tried, the same on every engine: pauses of 100, 300, 900, 2700 and then always 5000 ms. */
export const stepPatience = {
  /** Of a step that is not repeated; the first counts. */
  attempts: 5,
  firstPauseMs: 100,
  pauseFactor: 3,
  longestPauseMs: 5_000,
  /** A backstop for steps that have no time limit of their own: the attempt then counts as failed. */
  attemptTimeoutMs: 30_000,
  /** Over all runs of one process, so that ten thousand runs resumed together do not all call the provider at once. */
  attemptsAtOnce: 64,
} as const;
