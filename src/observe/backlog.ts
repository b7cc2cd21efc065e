/**
 * Watches what may stand: partitions whose consumer does not advance, and dead letters.
 */

import { lagOf, type Offsets } from "#engines/log";
import { elapsedMs } from "#platform/clock";
import { type Loop, startLoop } from "#platform/loop";
import { plural } from "#platform/plural";
import type { Faces } from "../assemble.ts";
import { deadLettersGroup, topicsOf, vitalConsumersOf } from "../config/consumers.ts";

export type Backlog = {
  /** Partitions with records of which none was consumed for `standstillMs`, in words. */
  stuck(): string[];
  /** Records that could not be handled, by topic, that no operator has replayed or discarded, at the desk or on their way to it. */
  deadLetters(): ReadonlyMap<string, number>;
  loop: Loop;
};

const lookEveryMs = 4_000;
/** Far above the time for a batch, even while the database is slow. */
const standstillMs = 30_000;

type Partition = { next: bigint; left: bigint; movedAtMs: number };

export function createBacklog({ config, engines, desk, log }: Faces): Backlog {
  const consumed = vitalConsumersOf(config);
  const partitions = new Map<string, Partition>();
  const letters = new Map<string, number>();

  function watch(topic: string, ends: Offsets, committed: Offsets): void {
    for (const [partition, end] of ends) {
      const next = committed.get(partition) ?? 0n;
      const name = `partition ${partition} of ${topic}`;
      const before = partitions.get(name);
      const stands = before && before.next === next && before.left > 0n;
      partitions.set(name, { next, left: end - next, movedAtMs: stands ? before.movedAtMs : elapsedMs() });
    }
  }

  async function lookAtDeadLetters(): Promise<void> {
    const waiting = await desk.letters.countWaiting();
    const look = async (topic: string) => {
      const { ends, committed } = await offsetsOf(deadLettersGroup(config), `${topic}.dlq`);
      letters.set(topic, lagOf(ends, committed) + (waiting.get(topic) ?? 0));
    };
    await Promise.all(topicsOf(config).map(look));
  }

  async function offsetsOf(group: string, topic: string): Promise<{ ends: Offsets; committed: Offsets }> {
    const [ends, committed] = await Promise.all([
      engines.log.endOffsets(topic),
      engines.log.committedOffsets(group, topic),
    ]);
    return { ends, committed };
  }

  async function lookAtLog(): Promise<false> {
    const look = async ({ topic, group }: (typeof consumed)[number]) => {
      const { ends, committed } = await offsetsOf(group, topic);
      watch(topic, ends, committed);
    };
    // All at once: Kafka gets one request for all topics of a broker, and one for all groups.
    await Promise.all([...consumed.map(look), lookAtDeadLetters()]);
    return false;
  }

  return {
    stuck: () =>
      [...partitions].flatMap(([name, { next, left, movedAtMs }]) => {
        const forMs = elapsedMs() - movedAtMs;
        if (left <= 0n || forMs < standstillMs) return [];
        return [
          `${name}: ${plural(Number(left), "record waits", "records wait")} from offset ${next} on, and none was consumed for ${Math.round(forMs / 1_000)} s`,
        ];
      }),
    deadLetters: () => letters,
    loop: startLoop({
      everyMs: lookEveryMs,
      // Records of Kafka come without a write into a database.
      mark: config.profile.log === "real" ? undefined : async () => engines.mark(),
      work: lookAtLog,
      onFault: (error) => log.debug("the backlog could not be read", { failure: String(error) }),
    }),
  };
}
