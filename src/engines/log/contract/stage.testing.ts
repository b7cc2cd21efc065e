/** Opens what the tests of the contract share: one engine, topics of their own, and ways to read them. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { until } from "../../../../test/support/until.ts";
import { type Batch, type ConsumeOptions, type EventLog, lagOf, type NewRecord, type Offsets } from "../log.ts";

/** Generous, because a group on a real broker takes seconds to settle. It only ends a test that hangs. */
export const patiently = { withinMs: 60_000 };

/** Changes to the first partition of a topic that do not go through the log. */
export type Destruction = {
  /** Removes the records below the offset, as retention does. */
  dropBefore(topic: string, offset: bigint): Promise<void>;
  /** Adds at least one offset without a record at the end; the next append comes after it. */
  leaveHole(topic: string): Promise<void>;
  deleteTopic(topic: string): Promise<void>;
};

/** One log, whose records survive when it is closed and opened again: a database, a broker. */
export type LogEngine = Destruction & {
  open(): Promise<EventLog>;
  close(): Promise<void>;
};

export type Stage = Pick<Destruction, "dropBefore" | "leaveHole"> & {
  /** The log of the latest `open`. */
  readonly log: EventLog;
  open(): Promise<void>;
  /** A new name, because the engine may be shared with others and with earlier runs. */
  freshTopic(partitions?: number): Promise<string>;
  caughtUp(group: string, topic: string): Promise<void>;
  /** Deletes the topic while the log is closed, and makes it again. */
  makeAnew(topic: string): Promise<void>;
  /** Everything that a new group gets of a topic. Asserts that it holds so many records. */
  readAll(topic: string, records: number): Promise<Batch[]>;
  close(): Promise<void>;
};

export function createStage(openEngine: () => Promise<LogEngine>): Stage {
  let engine: LogEngine;
  let log: EventLog;
  async function open(): Promise<void> {
    engine ??= await openEngine();
    log = await engine.open();
  }
  return {
    get log() {
      return log;
    },
    open,
    dropBefore: (topic, offset) => engine.dropBefore(topic, offset),
    leaveHole: (topic) => engine.leaveHole(topic),
    async makeAnew(topic) {
      await log.close();
      await engine.deleteTopic(topic);
      await open();
      // Kafka takes a moment to delete a topic, and refuses its name until then.
      await until(() => log.ensureTopics([{ name: topic, partitions: 1 }]).then(() => true), patiently);
    },
    async freshTopic(partitions = 1) {
      const topic = `contract-${randomUUID()}`;
      await log.ensureTopics([{ name: topic, partitions }]);
      return topic;
    },
    async caughtUp(group, topic) {
      await until(
        async () => lagOf(await log.endOffsets(topic), await log.committedOffsets(group, topic)) === 0,
        patiently,
      );
    },
    async readAll(topic, records) {
      const batches: Batch[] = [];
      const consumer = await log.consume({ topic, group: randomUUID(), maxRecords: 1_000, ...collect(batches) });
      await until(() => countOf(batches) >= records, patiently);
      await consumer.close();
      assert.equal(countOf(batches), records);
      return batches;
    },
    async close() {
      await log.close();
      await engine.close();
    },
  };
}

export function collect(batches: Batch[]): Pick<ConsumeOptions, "handle"> {
  return {
    async handle(batch) {
      batches.push(batch);
    },
  };
}

/** The values are numbers in the order of the appends. */
export function numbered(records: number, from = 0): NewRecord[] {
  return Array.from({ length: records }, (_, i) => ({ key: `key-${i % 5}`, value: Buffer.from(String(from + i)) }));
}

export function countOf(batches: readonly Batch[]): number {
  return batches.reduce((sum, batch) => sum + batch.records.length, 0);
}

export function sumOf(offsets: Offsets): bigint {
  return [...offsets.values()].reduce((sum, offset) => sum + offset, 0n);
}
