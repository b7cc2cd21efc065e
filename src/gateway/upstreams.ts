/**
 * Chooses among the processes of one service behind the gateway: which one gets the next request, and which get none.
 */
import { afterAnswers } from "#platform/deadline";
import type { Log } from "#platform/log";
import { type Loop, startLoop } from "#platform/loop";

export type Upstream = {
  readonly origin: URL;
  /** It was not reached: other processes come first until it answers the next health check. */
  unreached(): void;
  /**
   * Calls `free` when the process accepts connections and answers nothing: it is stopped or hangs, and its caller would
   * wait for as long as that lasts. Returns a function that takes `free` back.
   */
  onSilence(free: () => void): () => void;
};

export type Upstreams = {
  /** The next process that was not tried yet: round-robin among the fit ones, else any; undefined if all were tried. */
  next(tried: ReadonlySet<Upstream>): Upstream | undefined;
  /** Its processes, and those of them that take requests by their latest health check. */
  count(): { all: number; fit: number };
  stop(): Promise<void>;
};

/** A process that stops still answers several of these health checks before it stops listening: see `drainMs` in main.ts. */
const lookEveryMs = 250;
const lookWithinMs = 1_000;
/** After one late health check the process may only be busy; from the second one on it counts as hung. */
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
    log.info(isFit ? "process is back" : "process gets no requests", { origin: upstream.origin.origin });
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
          log.warn("process is silent: its callers are released", {
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
      // If none is fit, a process that perhaps answers is better than none.
      return inTurn.find((one) => fit.get(one)) ?? inTurn[0];
    },
    count: () => ({ all: all.length, fit: all.filter((one) => fit.get(one)).length }),
    async stop() {
      await Promise.all(looks.map((look) => look.stop()));
    },
  };
}

/**
 * A dependency that one process lacks (a database, a broker) the others lack too. So only a process that is starting,
 * stopping or silent gets no requests.
 */
async function wantsRequests(origin: URL): Promise<boolean> {
  const state = new URL("/actuator/health/readiness/readinessState", origin);
  const over = new AbortController();
  const callOff = afterAnswers(lookWithinMs, () => over.abort(new DOMException("no answer in time", "TimeoutError")));
  try {
    const response = await fetch(state, { signal: over.signal });
    const { status } = (await response.json()) as { status?: unknown };
    return status !== "OUT_OF_SERVICE";
  } finally {
    callOff();
  }
}
