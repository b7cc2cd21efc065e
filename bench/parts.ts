/** Tells from a CPU profile of the process which part of the program its time went to. */
import type { Profiler } from "node:inspector";

/** The first that fits a function on the stack, from the innermost one outwards, has its time. */
const parts: readonly (readonly [part: string, fits: RegExp])[] = [
  ["settle: read and check records", /decodeReservation|\/orders\/settle\.ts readable/],
  ["settle: decide", /\/inventory\/books\/decide\.ts/],
  ["settle: read the books", /\/inventory\/books\/ledger\.ts (readBooks|lockStock)/],
  ["settle: write the books", /\/inventory\/books\/ledger\.ts/],
  ["settle: write orders", /\/orders\/order-rows\.ts/],
  ["settle: queue events", /\/orders\/outbox\.ts queueEvents|settledEventsOf/],
  ["settle: the rest", /\/orders\/(settle|marks)\.ts/],
  ["gate: apply what was settled", /\/inventory\/(agreement\/relay|gate\/reducer)\.ts (apply|applyItem)/],
  ["events: encode", /\/orders\/(events|outbox)\.ts|settledEvents|changeEventOf|orderEventRecord/],
  ["events: ship", /\/engines\/outbox\/outbox\.ts/],
  ["mails, webhooks, warehouse", /\/src\/(notifications|warehouse)\//],
  ["accept", /\/src\/(orders|inventory|identity|room)\//],
  ["log: append", /\/engines\/log\/.*(append|insert|frames|record-batch|produce)/],
  ["log: read", /\/engines\/log\//],
  ["HTTP", /\/src\/platform\/(http|management|context|routes)|\/fastify\/|node:_http|\/find-my-way\//],
  ["PostgreSQL: send", /\/engines\/sql\//],
  ["PostgreSQL: read answers", /\/pg(-protocol|-pool|-types)?\//],
  ["Kafka", /@platformatic\/kafka/],
  ["Redis", /@redis\/client/],
  ["HTTP", /node:net|node:stream|node:internal\/streams|endReadableNT/],
  ["collector", /garbage collector/],
];

/** Microseconds by part. */
export function timesOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Map<string, number> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const partOf = new Map<number, string | undefined>();

  function namesFrom(id: number | undefined): string[] {
    const names: string[] = [];
    for (let at = id; at !== undefined; at = parents.get(at)) {
      const frame = byId.get(at)?.callFrame;
      names.push(`${frame?.url} ${frame?.functionName}`);
    }
    return names;
  }

  function find(id: number): string | undefined {
    const names = namesFrom(id);
    if (/ \((idle|root)\)$/.test(names[0] ?? "")) return undefined;
    for (const name of names) {
      const found = parts.find(([, fits]) => fits.test(name));
      // What sends a statement belongs to the part that asks for it.
      if (found && !found[0].startsWith("PostgreSQL")) return found[0];
    }
    return parts.find(([, fits]) => names.some((name) => fits.test(name)))?.[0] ?? "the rest";
  }

  const times = new Map<string, number>();
  samples.forEach((id, i) => {
    if (!partOf.has(id)) partOf.set(id, find(id));
    const part = partOf.get(id);
    if (part) times.set(part, (times.get(part) ?? 0) + (timeDeltas[i] ?? 0));
  });
  return times;
}
