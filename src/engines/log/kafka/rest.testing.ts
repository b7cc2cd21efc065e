/** Tests how few requests and connections Kafka gets of a process, and that the process misses nothing for it. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { describe, test } from "node:test";
import { until } from "../../../../test/support/until.ts";
import { numbered, patiently, sumOf } from "../contract/stage.testing.ts";
import type { Batch, EventLog } from "../log.ts";
import { type KafkaStage, settings } from "./kafka.testing.ts";
import { openKafkaLog } from "./kafka.ts";

/** Keys of requests in Kafka's protocol. */
const listOffsets = 2;
const offsetFetch = 9;
const heartbeat = 12;
const describeGroups = 15;

export function restLaws(stage: KafkaStage): void {
  const consumed = (log: EventLog, topic: string, group: string, note: (partition: number) => void) =>
    log.consume({ topic, group, maxRecords: 10, handle: async ({ partition }) => note(partition) });

  describe("at rest", () => {
    test("questions about many topics and groups at once are one request each, and one that fails fails alone", async () => {
      const topics = await Promise.all([1, 2, 3].map((partitions) => stage.freshTopic(partitions)));
      const groups = topics.map(() => randomUUID());
      for (const topic of topics) await stage.eventLog.append(topic, numbered(6));
      const ask = (more: readonly string[]) =>
        Promise.all([
          Promise.allSettled([...topics, ...topics, ...more].map((topic) => stage.eventLog.endOffsets(topic))),
          Promise.all(topics.map((topic, i) => stage.eventLog.committedOffsets(groups[i] ?? "", topic))),
        ]);
      // Finds the coordinators.
      await ask([]);
      using requests = countRequests();
      const [ends, committed] = await ask([`missing-${randomUUID()}`]);
      assert.equal(requests.of(listOffsets), 1);
      assert.equal(requests.of(offsetFetch), 1);
      assert.deepEqual(
        ends.map((end) => (end.status === "fulfilled" ? sumOf(end.value) : "refused")),
        [6n, 6n, 6n, 6n, 6n, 6n, "refused"],
      );
      assert.deepEqual(
        committed.map((offsets) => offsets.size),
        [0, 0, 0],
      );
    });

    test("a look tells all members of a process that their groups are stable, so that they send few heartbeats", async () => {
      await using stack = new AsyncDisposableStack();
      const log = await openKafkaLog({ bootstrap: stage.bootstrap, ...settings, sessionTimeoutMs: 30_000 });
      stack.defer(() => log.close());
      const topic = await stage.freshTopic(1);
      await stage.eventLog.append(topic, numbered(1));
      let handled = 0;
      const groups = Array.from({ length: 10 }, () => randomUUID());
      const count = () => {
        handled += 1;
      };
      for (const group of groups) await consumed(log, topic, group, count);
      await until(() => handled === groups.length, patiently);
      // Heartbeats of members in doubt are over with a look that found their groups stable.
      using settled = countRequests();
      await until(() => settled.of(describeGroups) >= 2, patiently);
      using requests = countRequests();
      await until(() => requests.of(describeGroups) >= 4, patiently);
      assert.ok(requests.of(heartbeat) < 2 * groups.length, `${requests.of(heartbeat)} heartbeats in four looks`);
    });

    test("a member of many partitions opens no more connections than a member of one", async () => {
      const openedFor = async (partitions: number) => {
        const topic = await stage.freshTopic(partitions);
        await stage.eventLog.append(topic, numbered(100));
        let handled = 0;
        const handle = async ({ records }: Batch) => {
          handled += records.length;
        };
        using connections = countConnections();
        const member = await stage.eventLog.consume({ topic, group: randomUUID(), maxRecords: 10, handle });
        await until(() => handled === 100, patiently);
        const opened = connections.opened();
        await member.close();
        return opened;
      };
      const ofOne = await openedFor(1);
      assert.equal(await openedFor(12), ofOne);
    });

    test("a member learns of another long before its next heartbeat is due, and gives up partitions to it", async () => {
      await using stack = new AsyncDisposableStack();
      const topic = await stage.freshTopic(2);
      const group = randomUUID();
      // A heartbeat is due after a minute.
      const beforeItIsDue = { withinMs: 30_000 };
      const halfAnHour = { ...settings, bootstrap: stage.bootstrap, sessionTimeoutMs: 1_800_000 };
      const [one, other] = [await openKafkaLog(halfAnHour), await openKafkaLog(halfAnHour)];
      stack.defer(async () => void (await Promise.all([one.close(), other.close()])));
      await stage.eventLog.append(topic, numbered(20));
      const held = { one: new Set<number>(), other: new Set<number>() };
      await consumed(one, topic, group, (partition) => held.one.add(partition));
      await until(() => held.one.size === 2, patiently);
      await consumed(other, topic, group, (partition) => held.other.add(partition));
      await until(async () => {
        await stage.eventLog.append(topic, numbered(20));
        return held.other.size > 0;
      }, beforeItIsDue);
    });
  });
}

/** Counts by key the requests that the process sends until it is disposed. The client publishes each. */
function countRequests() {
  const counts = new Map<number, number>();
  const requests = listen("api", (message) => {
    const { apiKey } = message as { apiKey: number };
    counts.set(apiKey, (counts.get(apiKey) ?? 0) + 1);
  });
  return { of: (key: number) => counts.get(key) ?? 0, [Symbol.dispose]: requests[Symbol.dispose] };
}

function countConnections() {
  let opened = 0;
  const connections = listen("connects", () => {
    opened += 1;
  });
  return { opened: () => opened, [Symbol.dispose]: connections[Symbol.dispose] };
}

function listen(to: "api" | "connects", note: (message: unknown) => void): Disposable {
  const channel = `tracing:plt:kafka:connections:${to}:start`;
  subscribe(channel, note);
  return { [Symbol.dispose]: () => void unsubscribe(channel, note) };
}
