/** One partition in the hands of one member: find where to begin, hand over, commit, begin again where something failed. */
import type { Batch } from "#engines/log";
import {
  committedOf,
  type Lane,
  type LogServer,
  type Member,
  type Partition,
  placeOf,
  topicOf,
  type Wires,
} from "./log-server.ts";

export const newLane = (): Lane => ({ busy: false, at: undefined });

const pauseMs = 200;

/** `again` looks anew at all that waits on the topic. */
type Turns = Wires & { again(): void };

export function serve(server: LogServer, member: Member, partition: number, wires: Turns): void {
  const { timeline, random, network, again } = wires;
  const { process, options } = member;
  const lane = member.lanes[partition] as Lane;
  if (lane.busy || process.dead) return;
  if (!isHis(server, member, partition)) {
    lane.at = undefined;
    return;
  }
  if (lane.at && !isGone(server, options.topic, partition, lane.at) && !hasMore(server, member, partition)) return;
  lane.busy = true;
  timeline.after(random.next() * network.weather.latencyMs, async () => {
    if (process.dead) return;
    let restMs = 0;
    try {
      await turn(server, member, partition, wires);
    } catch {
      restMs = pauseMs;
      if (options.startAt) lane.at = undefined;
    }
    timeline.after(restMs, () => {
      lane.busy = false;
      again();
    });
  });
}

function isHis(server: LogServer, member: Member, partition: number): boolean {
  const { topic, group } = member.options;
  const living = (server.members.get(topic) ?? []).filter((one) => !one.process.dead && one.options.group === group);
  return living[(partition + server.generation) % living.length] === member;
}

function isGone(server: LogServer, name: string, partition: number, at: NonNullable<Lane["at"]>): boolean {
  const place = placeOf(server, name, partition);
  const kept = topicOf(server, name).partitions[partition];
  return at.incarnation !== place.incarnation || at.next > place.end || at.next < (kept?.beginning ?? 0n);
}

function hasMore(server: LogServer, { options, lanes }: Member, partition: number): boolean {
  const { end } = placeOf(server, options.topic, partition);
  return (lanes[partition]?.at?.next ?? 0n) < end;
}

async function turn(server: LogServer, member: Member, partition: number, wires: Wires): Promise<void> {
  const { options } = member;
  const { topic, group, startAt } = options;
  const lane = member.lanes[partition] as Lane;
  if (lane.at && isGone(server, topic, partition, lane.at)) lane.at = undefined;
  if (lane.at) return handOver(server, member, partition, wires);
  const place = placeOf(server, topic, partition);
  const committed = committedOf(server, group, topic).get(partition);
  const isGood = committed?.incarnation === place.incarnation && committed.next <= place.end;
  const next = startAt ? await startAt(place) : isGood ? committed.next : place.beginning;
  lane.at = { incarnation: place.incarnation, next: next < place.beginning ? place.beginning : next };
  // A position below what the log keeps is of no use: the log says so when it is asked for records.
  if (isGone(server, topic, partition, lane.at)) throw new Error("the offset is out of range");
}

async function handOver(server: LogServer, member: Member, partition: number, wires: Wires): Promise<void> {
  const { random, network } = wires;
  const { topic, group, maxRecords, handle, startAt } = member.options;
  const lane = member.lanes[partition] as Lane;
  const { incarnation, next: from } = lane.at as NonNullable<Lane["at"]>;
  const { records: stored, end } = topicOf(server, topic).partitions[partition] as Partition;
  const left = stored.filter(({ offset }) => offset >= from);
  const records = left.slice(0, Math.min(maxRecords, random.between(1, 4)));
  const last = records.at(-1);
  const behindLast = last ? last.offset + 1n : from;
  const next = records.length < left.length || server.planted === "position-of-records" ? behindLast : end;
  const batch: Batch = { topic, partition, incarnation, records, from, next };
  if (next === from) return;
  if (records.length > 0 || startAt) await handle(batch);
  lane.at = { incarnation, next };
  const isCommitted =
    !member.process.dead && isHis(server, member, partition) && !random.chance(network.weather.faults);
  if (isCommitted) committedOf(server, group, topic).set(partition, { incarnation, next });
}
