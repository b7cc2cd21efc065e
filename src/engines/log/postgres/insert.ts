/** Runs the one statement that appends, and tells whether its records may be stored after an error. */
import type pg from "pg";
import { isRefusal, isSessionFault } from "#engines/sql";
import { crashPoint } from "#platform/crash-points";
import type { NewRecord } from "../log.ts";
import type { Heads } from "./heads.ts";
import { inTime, type Owner } from "./owner.ts";
import type { Tail } from "./tail.ts";

export type Frame = { topic: string; partition: number; record: NewRecord; bytes: Buffer };
export type Failure = { handedOver: boolean; cause: unknown };

/** Stores all frames or none; returns nothing if they are stored. Call it again only after it has answered. */
export type InsertFrames = (frames: readonly Frame[]) => Promise<Failure | undefined>;

/** Each further try means that another append, which was given up before, has been stored. */
const maxTries = 3;

export function createInserter(owner: Owner, heads: Heads, tail: Tail): InsertFrames {
  async function insertAtEnds(client: pg.Client, batches: readonly NewBatch[]): Promise<Failure | undefined> {
    const bases = batches.map(({ topic, partition }) => heads.endOf(topic, partition));
    const values = [owner.epoch, ...columnsOf(batches, bases)];
    const { rows } = await inTime(client.query<InsertedRow>({ name: "append", text: insertBatches, values }));
    await crashPoint("log.append.acknowledged");
    const [first] = rows;
    if (!first || rows.length !== batches.length) return { handedOver: false, cause: await whyNothingWasInserted() };
    batches.forEach(({ topic, partition, frames, records }, i) => {
      const base = bases[i] as bigint;
      tail.add(topic, partition, base, first.appended_at_ms, records);
      heads.raise(topic, partition, base + BigInt(frames.length));
    });
    return undefined;
  }

  /** The statement ran, but its epoch was no longer the owner's. */
  async function whyNothingWasInserted(): Promise<unknown> {
    await owner.keep().catch(() => {});
    return owner.fenced ?? new Error("event_log.owner does not hold the epoch of this process");
  }

  return async (frames) => {
    let client: pg.Client;
    try {
      if (owner.fenced) throw owner.fenced;
      client = await owner.connection();
      await crashPoint("log.append");
    } catch (cause) {
      return { handedOver: false, cause };
    }
    const batches = batchesOf(frames);
    for (let tries = 1; ; tries += 1) {
      try {
        return await insertAtEnds(client, batches);
      } catch (cause) {
        if (!isRefusal(cause)) {
          owner.discard(client);
          return { handedOver: true, cause };
        }
        // A session that was opened while the database was read-only refuses every append for as long as it lives.
        if (isSessionFault(cause)) owner.discard(client);
        if (!isOffsetTaken(cause) || tries === maxTries) return { handedOver: false, cause };
        await heads.refresh().catch(() => {});
      }
    }
  };
}

type InsertedRow = { appended_at_ms: number };
type NewBatch = { topic: string; partition: number; frames: Buffer[]; records: NewRecord[] };

function batchesOf(frames: readonly Frame[]): NewBatch[] {
  const batches = new Map<string, NewBatch>();
  for (const { topic, partition, bytes, record } of frames) {
    const name = `${partition} ${topic}`;
    const batch = batches.get(name);
    if (batch) {
      batch.frames.push(bytes);
      batch.records.push(record);
    } else batches.set(name, { topic, partition, frames: [bytes], records: [record] });
  }
  return [...batches.values()];
}

/** All frames go as one value, which the statement cuts: an array of bytea would be sent as hexadecimal text. */
function columnsOf(batches: readonly NewBatch[], bases: readonly bigint[]): unknown[] {
  const sizes = batches.map(({ frames }) => frames.reduce((sum, frame) => sum + frame.length, 0));
  let next = 1;
  const starts = sizes.map((size) => {
    const start = next;
    next += size;
    return start;
  });
  return [
    batches.map((batch) => batch.topic),
    batches.map((batch) => batch.partition),
    bases,
    batches.map((batch) => batch.frames.length),
    starts,
    sizes,
    Buffer.concat(batches.flatMap((batch) => batch.frames)),
  ];
}

/** An append that was given up before has been stored after all, at the offsets of this one. */
function isOffsetTaken(error: pg.DatabaseError): boolean {
  return error.code === "23505" && error.table === "batch";
}

// With "for share" a take-over waits for this transaction, or this transaction sees a take-over that came first.
const insertBatches = `
  with owned as (
    select epoch from event_log.owner where epoch = $1 for share
  )
  insert into event_log.batch (topic, partition, base_offset, record_count, records)
  select topic, partition, base_offset, record_count, substring($8::bytea from start for size)
  from owned, unnest($2::text[], $3::integer[], $4::bigint[], $5::integer[], $6::integer[], $7::integer[])
    as given(topic, partition, base_offset, record_count, start, size)
  returning extract(epoch from appended_at)::float8 * 1000 as appended_at_ms`;
