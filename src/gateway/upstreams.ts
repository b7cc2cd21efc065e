/** The processes of one service behind the gateway: whose turn it is, and who had better be left alone. */
import type { Log } from "#platform/log";
import { type Loop, startLoop } from "#platform/loop";

export type Upstream = {
  readonly origin: URL;
  /** It was not reached: others come first until it answers the next look. */
  unreached(): void;
};

export type Upstreams = {
  /** The next one that was not tried yet: among the fit by turns, else any; undefined where all were tried. */
  next(tried: ReadonlySet<Upstream>): Upstream | undefined;
  stop(): Promise<void>;
};

/** A process that stops says so this often before it stops listening: see `drainMs` in main.ts. */
const lookEveryMs = 250;
const lookWithinMs = 1_000;

export function createUpstreams(origins: readonly string[], log: Log): Upstreams {
  const fit = new Map<Upstream, boolean>();
  for (const origin of origins) {
    const upstream: Upstream = { origin: new URL(origin), unreached: () => note(upstream, false) };
    fit.set(upstream, true);
  }
  const all = [...fit.keys()];
  let turn = 0;

  function note(upstream: Upstream, isFit: boolean): void {
    if (fit.get(upstream) === isFit) return;
    fit.set(upstream, isFit);
    log.info(isFit ? "process is back" : "process is passed over", { origin: upstream.origin.origin });
  }

  const looks: Loop[] = all.map((upstream) =>
    startLoop({
      everyMs: lookEveryMs,
      work: async () => note(upstream, await wantsRequests(upstream.origin)),
      onFault: () => note(upstream, false),
    }),
  );

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
