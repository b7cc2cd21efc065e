/** The processes of one service behind the gateway: whose turn it is, and who had better be left alone. */
import type { Log } from "#platform/log";
import { type Loop, startLoop } from "#platform/loop";

export type Upstream = {
  readonly origin: URL;
  /** It was not reached: others come first until it answers the next look. */
  unreached(): void;
  /**
   * Calls `free` when the process takes connections and answers none: it is stopped, or hangs, and a caller would wait
   * for as long as that lasts. Answers what takes `free` back.
   */
  onSilence(free: () => void): () => void;
};

export type Upstreams = {
  /** The next one that was not tried yet: among the fit by turns, else any; undefined where all were tried. */
  next(tried: ReadonlySet<Upstream>): Upstream | undefined;
  stop(): Promise<void>;
};

/** A process that stops says so this often before it stops listening: see `drainMs` in main.ts. */
const lookEveryMs = 250;
const lookWithinMs = 1_000;
/** One late look may be a process that has much to do; from the second one on it counts as hung. */
const looksToSilence = 2;

export function createUpstreams(origins: readonly string[], log: Log): Upstreams {
  const fit = new Map<Upstream, boolean>();
  const waiting = new Map<Upstream, Set<() => void>>();
  for (const origin of origins) {
    const upstream: Upstream = {
      origin: new URL(origin),
      unreached: () => note(upstream, false),
      onSilence(free) {
        waiting.get(upstream)?.add(free);
        return () => waiting.get(upstream)?.delete(free);
      },
    };
    fit.set(upstream, true);
    waiting.set(upstream, new Set());
  }
  const all = [...fit.keys()];
  let turn = 0;

  function note(upstream: Upstream, isFit: boolean): void {
    if (fit.get(upstream) === isFit) return;
    fit.set(upstream, isFit);
    log.info(isFit ? "process is back" : "process is passed over", { origin: upstream.origin.origin });
  }

  function lookAt(upstream: Upstream): Loop {
    let lateLooks = 0;
    return startLoop({
      everyMs: lookEveryMs,
      async work() {
        note(upstream, await wantsRequests(upstream.origin));
        lateLooks = 0;
      },
      onFault(error) {
        note(upstream, false);
        lateLooks = (error as Error).name === "TimeoutError" ? lateLooks + 1 : 0;
        if (lateLooks < looksToSilence) return;
        const freed = [...(waiting.get(upstream) ?? [])];
        if (freed.length > 0)
          log.warn("process is silent: its callers are freed", {
            origin: upstream.origin.origin,
            callers: freed.length,
          });
        for (const free of freed) free();
      },
    });
  }

  const looks = all.map(lookAt);

  return {
    next(tried) {
      turn += 1;
      const inTurn = all.map((_, i) => all[(turn + i) % all.length] as Upstream).filter((one) => !tried.has(one));
      // Where none is fit, one that perhaps answers is better than none.
      return inTurn.find((one) => fit.get(one)) ?? inTurn[0];
    },
    async stop() {
      await Promise.all(looks.map((look) => look.stop()));
    },
  };
}

/**
 * What a process lacks (a database, a broker) the others lack too, so only one that is starting or stopping is passed
 * over, and one that does not answer.
 */
async function wantsRequests(origin: URL): Promise<boolean> {
  const state = new URL("/actuator/health/readiness/readinessState", origin);
  const response = await fetch(state, { signal: AbortSignal.timeout(lookWithinMs) });
  const { status } = (await response.json()) as { status?: unknown };
  return status !== "OUT_OF_SERVICE";
}
