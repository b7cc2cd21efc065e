/** Closes the parts of a process in order when the process stops. */
import { elapsedMs } from "./clock.ts";
import { within } from "./deadline.ts";
import type { Log } from "./log.ts";

/** The open parts, in the order in which they were opened. They close in reverse order, each within its time limit. */
export type Lifecycle = {
  /** Registers a part that has just been opened. The part registered last is closed first. */
  onStop(name: string, close: () => unknown, options?: { withinMs?: number }): void;
  /**
   * Closes everything once; later calls get the same promise. Resolves to whether everything closed in time and without
   * error.
   */
  stop(): Promise<boolean>;
  /** Failures from now on are caused by stopping. */
  readonly stopping: boolean;
  /** From now on SIGINT and SIGTERM stop and exit; a second signal while stopping exits at once. */
  stopOnSignals(): void;
};

const defaultCloseMs = 10_000;

/**
 * The terminal sends Ctrl-C to npm and to its child, and npm passes it on to the child again. So two signals within
 * half a second count as one.
 */
const sameSignalMs = 500;

export function createLifecycle({ log, exit = process.exit }: { log: Log; exit?(code: number): void }): Lifecycle {
  const open: { name: string; close(): unknown; withinMs: number }[] = [];
  let stopping: Promise<boolean> | undefined;

  async function closeAll(): Promise<boolean> {
    let clean = true;
    for (let entry = open.pop(); entry; entry = open.pop()) {
      const { name, withinMs, close } = entry;
      try {
        await within(withinMs, Promise.resolve().then(close), () => {
          throw new Error(`still open after ${withinMs} ms`);
        });
      } catch (error) {
        clean = false;
        log.error("close failed", { part: name }, error);
      }
    }
    return clean;
  }

  const stop = () => {
    stopping ??= closeAll();
    return stopping;
  };

  return {
    onStop(name, close, { withinMs = defaultCloseMs } = {}) {
      open.push({ name, close, withinMs });
    },
    stop,
    get stopping() {
      return stopping !== undefined;
    },
    stopOnSignals() {
      let firstAt: number | undefined;
      const onSignal = (signal: NodeJS.Signals) => {
        const now = elapsedMs();
        if (firstAt !== undefined) {
          if (now - firstAt < sameSignalMs) return;
          log.warn("stopped at once", { signal });
          exit(1);
          return;
        }
        firstAt = now;
        log.info("stopping", { signal });
        stop().then((clean) => exit(clean ? 0 : 1));
      };
      process.on("SIGINT", onSignal);
      process.on("SIGTERM", onSignal);
    },
  };
}
