/** Repeats work until the process stops: after a pause, or at once when nudged. */
import { toBeat } from "./beat.ts";
import { elapsedMs } from "./clock.ts";

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
   * Names the state that a turn looks at. After a turn that returned false, turns are left out while the name stays the
   * same, for at most `stillMs`. A nudge always gets its turn. If it fails, the turn comes.
   */
  mark?: (() => Promise<string>) | undefined;
  /** Shorter than its 10 s for work that falls due without a change of the state. */
  stillMs?: number;
  /**
   * One turn. Keep it short, so that stopping is quick: return true if more work waits, and the next turn comes at
   * once; false if there was none.
   */
  work(): Promise<unknown>;
  /** Called when a turn fails. The next turn comes after the pause. */
  onFault(error: unknown): void;
};

export function startLoop(options: LoopOptions): Loop {
  const { everyMs, restMs = everyMs, gatherMs = 0, mark, stillMs = 10_000, work, onFault } = options;
  let stopped = false;
  let idleAt: { mark: string; untilMs: number } | undefined;
  let nudged = false;
  let wake = () => {};
  let pauseMs = everyMs;
  let wasLeftOut = false;

  async function run(): Promise<void> {
    while (!stopped) {
      const more = await turn();
      pauseMs = more === false ? Math.min(2 * pauseMs, restMs) : everyMs;
      if (more === true) continue;
      await until(gatherMs, () => stopped);
      const leftMs = pauseMs - gatherMs;
      // A loop that could leave its turns out and does not keeps its own time, so that the turns of a busy shop are spread.
      const keepsTime = mark !== undefined && !wasLeftOut;
      await until(keepsTime ? leftMs : toBeat(leftMs, elapsedMs()), () => stopped || nudged);
    }
  }

  async function turn(): Promise<unknown> {
    const wasNudged = nudged;
    nudged = false;
    // Named before the look: what changes during it has another name.
    const seen = mark && (await mark().catch(() => undefined));
    wasLeftOut = !wasNudged && idleAt !== undefined && idleAt.mark === seen && elapsedMs() < idleAt.untilMs;
    if (wasLeftOut) return false;
    const more = await work().catch(onFault);
    idleAt = more === false && seen !== undefined ? { mark: seen, untilMs: elapsedMs() + stillMs } : undefined;
    return more;
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
