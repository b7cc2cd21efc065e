/** Repeats work until the process stops: after a pause, or at once when nudged. */
export type Loop = {
  /** There may be work: the next turn comes at once. */
  nudge(): void;
  /** Waits for the turn that is under way. */
  stop(): Promise<void>;
};

export type LoopOptions = {
  everyMs: number;
  /**
   * While turns return false, the pauses double up to this one. For work of which this process is nudged as a rule: the
   * turns between are for what another process left, or what a crash cut off.
   */
  restMs?: number;
  /** The least time from the end of one turn to a nudged one, so that what comes in quick succession is one turn. */
  gatherMs?: number;
  /**
   * One turn. Keep it short, so that stopping is quick: return true if more work waits, and the next turn comes at
   * once; false if there was none.
   */
  work(): Promise<unknown>;
  /** Called when a turn fails. The next turn comes after the pause. */
  onFault(error: unknown): void;
};

export function startLoop({ everyMs, restMs = everyMs, gatherMs = 0, work, onFault }: LoopOptions): Loop {
  let stopped = false;
  let nudged = false;
  let wake = () => {};
  let pauseMs = everyMs;

  async function run(): Promise<void> {
    while (!stopped) {
      nudged = false;
      const more = await work().catch(onFault);
      pauseMs = more === false ? Math.min(2 * pauseMs, restMs) : everyMs;
      if (more === true) continue;
      await until(gatherMs, () => stopped);
      await until(pauseMs - gatherMs, () => stopped || nudged);
    }
  }

  /** At most so long. */
  async function until(ms: number, isOver: () => boolean): Promise<void> {
    if (ms <= 0 || isOver()) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        if (!isOver()) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  const running = run();
  return {
    nudge() {
      nudged = true;
      wake();
    },
    async stop() {
      stopped = true;
      wake();
      await running;
    },
  };
}
