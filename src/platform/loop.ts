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
   * One turn. Keep it short, so that stopping is quick: return true if more work waits, and the next turn comes at
   * once.
   */
  work(): Promise<unknown>;
  /** Called when a turn fails. The next turn comes after the pause. */
  onFault(error: unknown): void;
};

export function startLoop({ everyMs, work, onFault }: LoopOptions): Loop {
  let stopped = false;
  let nudged = false;
  let wake = () => {};

  async function run(): Promise<void> {
    while (!stopped) {
      nudged = false;
      const more = await work().catch(onFault);
      if (!stopped && !nudged && more !== true) await untilNudged();
    }
  }

  function untilNudged(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, everyMs);
      wake = () => {
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
