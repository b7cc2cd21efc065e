/** Tests members of a group that die, freeze, are slow, join and leave. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../../../../test/support/until.ts";
import { createJournal } from "../contract/journal.testing.ts";
import { numbered, patiently } from "../contract/stage.testing.ts";
import type { Batch, StoredRecord } from "../log.ts";
import { type KafkaStage, sessionTimeoutMs } from "./kafka.testing.ts";

export function memberLaws(stage: KafkaStage): void {
  describe("members", () => {
    test("when a process is killed the other one gets its partitions, and no record is lost", async () => {
      const topic = await stage.freshTopic(4);
      const group = randomUUID();
      const journal = createJournal();
      const held = { victim: new Set<number>(), other: new Set<number>() };
      const victim = consumingProcess(stage.bootstrap, topic, group);
      onBatch(victim, (batch) => {
        held.victim.add(batch.partition);
        journal.note(batch);
      });
      const other = await stage.eventLog.consume({
        topic,
        group,
        maxRecords: 50,
        async handle(batch) {
          held.other.add(batch.partition);
          journal.note(batch);
        },
      });
      let stopped = false;
      // Fixed keys, because sixteen random keys miss one of four partitions in every 25 runs.
      const load = Array.from({ length: 16 }, async (_, caller) => {
        while (!stopped) await stage.eventLog.append(topic, [journal.next(`key-${caller}`)]);
      });
      await until(() => held.victim.size > 0 && held.other.size > 0, patiently);
      victim.kill("SIGKILL");
      await once(victim, "close");
      held.other.clear();
      await until(() => held.other.size === 4, patiently);
      stopped = true;
      await Promise.all(load);
      await stage.caughtUp(group, topic);
      await other.close();
      assert.deepEqual(journal.faults(), []);
    });

    test("a process that was frozen for longer than its session commits nothing when it wakes", async () => {
      const topic = await stage.freshTopic(2);
      const group = randomUUID();
      const frozen = consumingProcess(stage.bootstrap, topic, group);
      let batches = 0;
      onBatch(frozen, () => {
        batches += 1;
      });
      let stopped = false;
      const load = Array.from({ length: 8 }, async (_, i) => {
        while (!stopped) await stage.eventLog.append(topic, [{ key: String(i), value: Buffer.from("x") }]);
      });
      await until(() => batches > 20, patiently);
      frozen.kill("SIGSTOP");
      const held = new Set<number>();
      const other = await stage.eventLog.consume({
        topic,
        group,
        maxRecords: 50,
        async handle(batch) {
          held.add(batch.partition);
        },
      });
      await until(() => held.size === 2, patiently);
      const read = () => stage.eventLog.committedOffsets(group, topic);
      let last = await read();
      const batchesBefore = batches;
      frozen.kill("SIGCONT");
      // After SIGCONT it goes on with its batch, its commit is refused, and it joins the group again.
      await until(async () => {
        const now = await read();
        for (const [partition, offset] of last) assert.ok((now.get(partition) ?? 0n) >= offset, "never backwards");
        last = now;
        return batches > batchesBefore + 20;
      }, patiently).finally(() => frozen.kill("SIGKILL"));
      stopped = true;
      await Promise.all(load);
      await other.close();
    });

    test("a batch in hand is finished and committed before the partition goes to a new member", async () => {
      const topic = await stage.freshTopic(1);
      const group = randomUUID();
      await stage.eventLog.append(topic, numbered(1));
      const started = Promise.withResolvers<void>();
      const handled: string[] = [];
      const join = (who: string, ms: number) =>
        stage.eventLog.consume({
          topic,
          group,
          maxRecords: 10,
          async handle() {
            started.resolve();
            await sleep(ms);
            handled.push(who);
          },
        });
      const first = await join("first", 3_000);
      await started.promise;
      const second = await join("second", 0);
      await stage.caughtUp(group, topic);
      await first.close();
      await stage.eventLog.append(topic, numbered(1));
      await until(() => handled.length === 2, patiently);
      await second.close();
      assert.deepEqual(handled, ["first", "second"]);
    });

    test("a member that is closed while it joins leaves at once, and does not delay the others", async () => {
      const topic = await stage.freshTopic(1);
      const group = randomUUID();
      await stage.eventLog.append(topic, numbered(1));
      const nothing = { topic, group, maxRecords: 10, async handle() {} };
      for (let i = 0; i < 10; i += 1) {
        const consumer = await stage.eventLog.consume(nothing);
        await sleep(3 * i);
        await consumer.close();
      }
      const last = await stage.eventLog.consume(nothing);
      await stage.caughtUp(group, topic);
      await last.close();
    });

    test("a slow handler keeps its partitions beyond the session timeout, and is not given the batch twice", async () => {
      const topic = await stage.freshTopic(1);
      const group = randomUUID();
      await stage.eventLog.append(topic, numbered(1));
      let handedOver = 0;
      const consumer = await stage.eventLog.consume({
        topic,
        group,
        maxRecords: 10,
        async handle() {
          handedOver += 1;
          await sleep(1.5 * sessionTimeoutMs);
        },
      });
      await stage.caughtUp(group, topic);
      await consumer.close();
      assert.equal(handedOver, 1);
    });
  });
}

function consumingProcess(bootstrap: string, topic: string, group: string): ChildProcess {
  const child = new URL("./consuming.child.ts", import.meta.url).pathname;
  return spawn(process.execPath, [child, bootstrap, topic, group], { stdio: ["ignore", "pipe", "inherit"] });
}

function onBatch({ stdout }: ChildProcess, note: (batch: Batch) => void): void {
  createInterface({ input: stdout as NonNullable<typeof stdout> }).on("line", (line) => {
    // A line that was being written when its process was killed belongs to a batch that was not committed.
    if (line.endsWith("}")) note(revived(JSON.parse(line)));
  });
}

type Printed = { topic: string; partition: number; records: { key: string; value: string; offset: string }[] };

function revived({ topic, partition, records }: Printed): Batch {
  const revived = records.map(
    ({ key, value, offset }): StoredRecord => ({
      key,
      value: Buffer.from(value),
      offset: BigInt(offset),
      headers: {},
      appendedAtMs: 0,
    }),
  );
  return { topic, partition, incarnation: "", records: revived, from: 0n, next: 0n };
}
