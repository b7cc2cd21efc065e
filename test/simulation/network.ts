/** The network between a process and a server: requests and answers take time, get lost, or arrive after all. */
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

export type Fault = "request lost" | "answer lost" | "request late" | "slow";

/** A running copy of the product. A dead one gets nothing any more; its earlier requests may still arrive. */
export type Process = { name: string; dead: boolean; onDeath: Set<() => void>; skewMs: number };

/** An effect throws it if it must wait for another one; it is tried again when notified. */
export class MustWait extends Error {
  readonly subscribe: (again: () => void) => void;
  constructor(subscribe: (again: () => void) => void) {
    super("waits");
    this.subscribe = subscribe;
  }
}

export type Call<T> = {
  process: Process;
  says: string;
  effect(): T;
  /** The caller's error if no answer comes. */
  unanswered(): Error;
  /** Runs after the answer was lost, on the server's side. */
  onLost?(): void;
};

export type Network = {
  call<T>(call: Call<T>): Promise<T>;
  /** How often a call fails, and calls that are all slow, by the beginning of what they say. Zero once the schedule should come to rest. */
  weather: { faults: number; latencyMs: number; slow?: string | undefined };
  counts: Map<string, number>;
};

export type NetworkOptions = { timeline: Timeline; random: Random; note(text: string): void };

export function createNetwork({ timeline, random, note }: NetworkOptions): Network {
  const weather: Network["weather"] = { faults: 0, latencyMs: 2 };
  const counts = new Map<string, number>();

  function faultOf(says: string): Fault | undefined {
    if (weather.slow !== undefined && says.startsWith(weather.slow)) return "slow";
    if (!random.chance(weather.faults)) return undefined;
    const fault = random.pick<Fault>(["request lost", "answer lost", "request late", "slow"]);
    counts.set(fault, (counts.get(fault) ?? 0) + 1);
    return fault;
  }

  function call<T>({ process, says, effect, unanswered, onLost }: Call<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    if (process.dead) return promise;
    const fault = faultOf(says);
    const slowMs = fault === "slow" ? random.next() * 2_000 : 0;
    if (fault && fault !== "slow") note(`${process.name}: ${says} (${fault})`);
    const latency = () => random.next() * weather.latencyMs;
    const answer = (settle: () => void) => {
      timeline.after(latency() + slowMs / 2, () => {
        if (!process.dead) settle();
      });
    };
    const giveUp = () => {
      onLost?.();
      answer(() => reject(unanswered()));
    };

    function run(): void {
      try {
        const value = effect();
        if (!fault || fault === "slow") answer(() => resolve(value));
      } catch (error) {
        if (error instanceof MustWait) error.subscribe(() => timeline.after(0, arrive));
        else if (fault !== "request late") answer(() => reject(error));
        return;
      }
      if (fault === "answer lost") giveUp();
    }

    function arrive(): void {
      // Half of the requests that a process sent before it died are on the wire and arrive.
      if (process.dead && random.chance(0.5)) return;
      if (fault !== "slow" || !process.dead) note(`${process.name}: ${says}`);
      run();
    }

    if (fault === "request lost") giveUp();
    else if (fault === "request late") {
      timeline.after(random.next() * 3_000, arrive);
      giveUp();
    } else timeline.after(latency() + slowMs / 2, arrive);
    return promise;
  }

  return { call, weather, counts };
}
