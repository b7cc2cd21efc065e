/** A queue before several servers: its formula, and a simulation that checks the formula. Pure, repeatable by seed. */

export type Queue = {
  /** Arrivals a second, at random and independent of each other. */
  rate: number;
  serviceMicros: number;
  servers: number;
};
export type Waiting = {
  utilisation: number;
  /** From arrival to the begin of service, µs. */
  waitMicros: number;
  /** From arrival to the end of service; 99 of 100 take less, µs. */
  p99Micros: number;
};

/** M/M/k: Erlang's C for the share that waits. Service times vary as the exponential distribution, which is cautious. */
export function formulaOf({ rate, serviceMicros, servers }: Queue): Omit<Waiting, "p99Micros"> {
  const load = (rate * serviceMicros) / 1e6;
  // Erlang's B by its recursion: no factorial overflows.
  let blocked = 1;
  for (let k = 1; k <= servers; k += 1) blocked = (load * blocked) / (k + load * blocked);
  const utilisation = load / servers;
  const waits = blocked / (1 - utilisation * (1 - blocked));
  return { utilisation, waitMicros: (waits * serviceMicros) / (servers * (1 - utilisation)) };
}

/** First come, first served: each arrival takes the server that is free first. */
export function simulated({ rate, serviceMicros, servers }: Queue, random: () => number, arrivals: number): Waiting {
  const exponential = (mean: number) => -mean * Math.log(1 - random());
  // A heap of the moments at which the servers are free.
  const free = new Float64Array(servers);
  let now = 0;
  let busy = 0;
  let waited = 0;
  const took = new Float64Array(arrivals);
  for (let i = 0; i < arrivals; i += 1) {
    now += exponential(1e6 / rate);
    const service = exponential(serviceMicros);
    const begin = Math.max(now, free[0] as number);
    replaceFirst(free, begin + service);
    busy += service;
    waited += begin - now;
    took[i] = begin + service - now;
  }
  // Only what is served until the last arrival counts.
  const rest = free.reduce((sum, until) => sum + Math.max(0, until - now), 0);
  return {
    utilisation: (busy - rest) / servers / now,
    waitMicros: waited / arrivals,
    p99Micros: took.toSorted()[Math.floor(arrivals * 0.99)] as number,
  };
}

function replaceFirst(heap: Float64Array, value: number): void {
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && (heap[child + 1] as number) < (heap[child] as number)) child += 1;
    if ((heap[child] as number) >= value) break;
    heap[at] = heap[child] as number;
    at = child;
  }
  heap[at] = value;
}
