/** Describes the outbox table of lines, and how its rows become events: one row for each event. */
import type { OutboxShape } from "#engines/outbox";
import type { Tx } from "#engines/sql";
import type { DrawRow } from "./draw-rows.ts";
import { type LineEventType, type PlaceEventType, type RoomEvent, roomRecord } from "./events.ts";
import type { LineDrop } from "./line-drop.ts";
import type { Offered } from "./line-rows.ts";

export const roomOutbox: OutboxShape<RoomEvent> = {
  table: "room.outbox",
  column: "event",
  encode: roomRecord,
  rowsAtOnce: 200,
  everyMs: 1_000,
};

/** Queues an event for each place, in the caller's transaction. A place is offered once, so its event has one id. */
export async function queueOffers(
  tx: Tx,
  { dropId, name }: Pick<LineDrop, "dropId" | "name">,
  what: PlaceEventType,
  offered: readonly Offered[],
  at: Date,
): Promise<void> {
  if (offered.length === 0) return;
  const events = offered.map(({ seq, userId, placeNo, until }): RoomEvent => {
    const offeredUntil = what === "offered" ? until.toISOString() : null;
    const data = { dropId, name, userId, place: placeNo, offeredUntil };
    return { id: `${dropId}:${seq}:${what}`, what, time: at.toISOString(), data };
  });
  await queue(tx, events);
}

/** Each happens once to a line, so its event has one id. */
export async function queueLineEvent(
  tx: Tx,
  { dropId, name }: Pick<LineDrop, "dropId" | "name">,
  what: LineEventType,
  { frozenSize, root, round, orderKind }: Pick<DrawRow, "frozenSize" | "root" | "round" | "orderKind">,
  at: Date,
): Promise<void> {
  if (frozenSize === null || !root || round === null) throw new Error(`the line of ${dropId} has no roster`);
  const data = { dropId, name, size: frozenSize, root: root.toString("hex"), round, order: orderKind };
  await queue(tx, [{ id: `${dropId}:${what}`, what, time: at.toISOString(), data }]);
}

async function queue(tx: Tx, events: readonly RoomEvent[]): Promise<void> {
  await tx.query("insert into room.outbox (event) select * from unnest($1::jsonb[])", [
    events.map((event) => JSON.stringify(event)),
  ]);
}
