/**
 * The port to durable stories: the engine runs each to its end, across crashes of the process that runs it. Two
 * adapters pass the contract in `contract/`: DBOS (embedded default) and Temporal.
 */

// biome-ignore lint/suspicious/noExplicitAny: a step's own type is checked where the story is written.
export type Steps = Record<string, (input: any) => Promise<any>>;

/**
 * Waits until this run is nudged or the deadline passes, whichever is first. A nudge carries no data: a step reads from
 * the books what happened.
 */
export type WaitForNudge = (untilMs: number) => Promise<"nudged" | "deadline">;

export type Story<Input, S extends Steps> = {
  /** The workflow type's name; on Temporal also the name of the function that the workflow file exports. */
  name: string;
  /**
   * Pure: its only effects are its steps and its waiting, in an order that follows from its input and their answers. A
   * step answers only once it has succeeded, however long that takes, so a server that is down for a while decides
   * nothing.
   */
  tell(input: Input, steps: S, waitForNudge: WaitForNudge): Promise<string>;
  /**
   * Each step may be run again, after a crash even while it is still running elsewhere, so each is idempotent. Each is
   * repeated until it succeeds, so only an answer may end a story early, never an error.
   */
  steps: S;
};

export type Started = {
  /**
   * Waits for the run's outcome.
   * @throws as `outcome` does. If this process closes, it may never settle.
   */
  ended(): Promise<string>;
};

/** A story that is no longer started: its open runs go on to their end. */
export type EarlierStory = Story<never, Steps>;

export type Workflows<Input> = {
  /**
   * So many runs with few items each are worth their cost at the same time. What comes meanwhile should wait and leave
   * together, because a run costs the engine the same for one item as for many.
   */
  readonly smallRunsAtOnce: number;
  /** Idempotent by id: a run that was started before, open or ended, is left unchanged. */
  start(id: string, input: Input): Promise<Started>;
  /** Wakes a waiting run; no effect on an unknown or ended one. */
  nudge(id: string): Promise<void>;
  /**
   * The result of the run, or undefined while it is open or unknown.
   * @throws if the story itself threw: that run does not go on.
   */
  outcome(id: string): Promise<string | undefined>;
  /** @throws if the engine does not answer, or its part in this process has ended. */
  answers(): Promise<void>;
  /** Open runs stay open, and the next process that opens the same engine continues them. */
  close(): Promise<void>;
};

/** The pauses between two tries of a step, the same on every engine: 100, 300, 900, 2700 and then always 5000 ms. */
export const stepPatience = {
  firstPauseMs: 100,
  pauseFactor: 3,
  longestPauseMs: 5_000,
  /** A limit for steps that have no time limit of their own: the attempt then counts as failed. */
  attemptTimeoutMs: 30_000,
  /**
   * Over all runs of one process, so that ten thousand runs that continue together do not all call the provider at
   * once.
   */
  attemptsAtOnce: 64,
} as const;
