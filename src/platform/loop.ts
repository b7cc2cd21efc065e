/** Work that is repeated for as long as the process lives: at its own pace, or at once when nudged. */
export type Loop = {
  /** Something may be waiting: do not sleep till the next turn. */
  nudge(): void;
  /** Waits for the turn under way. */
  stop(): Promise<void>;
};

export type LoopOptions = {
  everyMs: number;
  /** One turn. Keep it short, so that stopping is: answer true where more waits, and the next turn comes at once. */
  work(): Promise<unknown>;
  /** A turn that failed is not the last: the next one comes after the pause. */
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
      if (!stopped && !nudged && more !== true) await pause();
    }
  }

  function pause(): Promise<void> {
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
