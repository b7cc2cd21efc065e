/** Consumes one partition for one member: finds its position, hands records over, commits, and begins again after a failure. */
import type { Batch } from "#engines/log";
import {
  type Committed,
  committedOf,
  type LogBroker,
  type Member,
  type Partition,
  type PartitionConsumer,
  placeOf,
  topicOf,
  type Wires,
} from "./log-broker.ts";

export function newPartitionConsumer(): PartitionConsumer {
  return { busy: false, position: undefined };
}

const pauseMs = 200;

/** `again` polls every partition of the topic. */
type Polls = Wires & { again(): void };

export function poll(broker: LogBroker, member: Member, partition: number, wires: Polls): void {
  const { timeline, random, network, again } = wires;
  const { process, options } = member;
  const consumer = member.consumers[partition] as PartitionConsumer;
  if (consumer.busy || process.dead) return;
  if (!isAssigned(broker, member, partition)) {
    consumer.position = undefined;
    return;
  }
  const { position } = consumer;
  const isUsable = position && !isOutOfRange(broker, options.topic, partition, position);
  if (isUsable && !hasMore(broker, member, partition)) return;
  consumer.busy = true;
  timeline.after(random.next() * network.weather.latencyMs, async () => {
    if (process.dead) return;
    let restMs = 0;
    try {
      await consume(broker, member, partition, wires);
    } catch {
      restMs = pauseMs;
      if (options.startAt) consumer.position = undefined;
    }
    timeline.after(restMs, () => {
      consumer.busy = false;
      again();
    });
  });
}

function isAssigned(broker: LogBroker, member: Member, partition: number): boolean {
  const { topic, group } = member.options;
  const living = (broker.members.get(topic) ?? []).filter((one) => !one.process.dead && one.options.group === group);
  return living[(partition + broker.generation) % living.length] === member;
}

function isOutOfRange(broker: LogBroker, name: string, partition: number, position: Committed): boolean {
  const place = placeOf(broker, name, partition);
  const kept = topicOf(broker, name).partitions[partition];
  return (
    position.incarnation !== place.incarnation || position.next > place.end || position.next < (kept?.beginning ?? 0n)
  );
}

function hasMore(broker: LogBroker, { options, consumers }: Member, partition: number): boolean {
  const { end } = placeOf(broker, options.topic, partition);
  return (consumers[partition]?.position?.next ?? 0n) < end;
}

async function consume(broker: LogBroker, member: Member, partition: number, wires: Wires): Promise<void> {
  const { options } = member;
  const { topic, group, startAt } = options;
  const consumer = member.consumers[partition] as PartitionConsumer;
  if (consumer.position && isOutOfRange(broker, topic, partition, consumer.position)) consumer.position = undefined;
  if (consumer.position) return handOver(broker, member, partition, wires);
  const place = placeOf(broker, topic, partition);
  const committed = committedOf(broker, group, topic).get(partition);
  const isGood = committed?.incarnation === place.incarnation && committed.next <= place.end;
  const next = startAt ? await startAt(place) : isGood ? committed.next : place.beginning;
  consumer.position = { incarnation: place.incarnation, next: next < place.beginning ? place.beginning : next };
  // A position below the log's beginning is useless: the log reports it when asked for records.
  if (isOutOfRange(broker, topic, partition, consumer.position)) throw new Error("the offset is out of range");
}

async function handOver(broker: LogBroker, member: Member, partition: number, wires: Wires): Promise<void> {
  const { random, network } = wires;
  const { topic, group, maxRecords, handle, startAt } = member.options;
  const consumer = member.consumers[partition] as PartitionConsumer;
  const { incarnation, next: from } = consumer.position as Committed;
  const { records: stored, end } = topicOf(broker, topic).partitions[partition] as Partition;
  const left = stored.filter(({ offset }) => offset >= from);
  const records = left.slice(0, Math.min(maxRecords, random.between(1, 4)));
  const last = records.at(-1);
  const behindLast = last ? last.offset + 1n : from;
  const next = records.length < left.length || broker.planted === "position-of-records" ? behindLast : end;
  const batch: Batch = { topic, partition, incarnation, records, from, next };
  if (next === from) return;
  if (records.length > 0 || startAt) await handle(batch);
  consumer.position = { incarnation, next };
  const isCommitted =
    !member.process.dead && isAssigned(broker, member, partition) && !random.chance(network.weather.faults);
  if (isCommitted) committedOf(broker, group, topic).set(partition, { incarnation, next });
}
