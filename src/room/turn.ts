/**
 * Turns a line: calls the next people, or offers them units one by one. One transaction with the line's row locked, so of
 * the processes of a shop one turns it, about once a second; a killed one leaves nothing behind.
 */
import type { Sql, Tx } from "#engines/sql";
import type { Beat } from "#orders";
import { crashPoint } from "#platform/crash-points";
import { callsOf, nextRate, shareOf, spareOf } from "./controller.ts";
import { type LineDrop, lineProductsOf, offerEndOf } from "./line-drop.ts";
import {
  countOffers,
  lapseOffers,
  lapsePasses,
  type Offered,
  offerNext,
  readAsking,
  readNextCalled,
  readTurnout,
} from "./line-rows.ts";
import { queueOffers } from "./outbox.ts";
import { readKept } from "./pass-rows.ts";
import { lockRoomToTurn, noteTurn, type RoomRow } from "./room-rows.ts";

export type TurnOptions = {
  sql: Sql;
  /** Undefined while it cannot be told: no one is called then. */
  freeOf(productIds: readonly string[]): Promise<ReadonlyMap<string, number> | undefined>;
  /** The beats of the processes that take orders. */
  pulse(): Promise<Beat[]>;
  now(): number;
};

/** A little less than the pause between two turns. */
const leastPauseMs = 800;
/** A turn after a long pause calls no more people than a turn after this time. */
const mostPauseMs = 2_000;
const freshBeatMs = 3_000;

export type Turn = { turned: boolean; offered: number };

export function createTurn({ sql, freeOf, pulse, now }: TurnOptions): (drop: LineDrop) => Promise<Turn> {
  /** Counted before the free units are read: a pass that is spent in between counts twice, and never not at all. */
  async function work(tx: Tx, drop: LineDrop, beats: readonly Beat[]): Promise<Turn> {
    const at = new Date(now());
    const room = await lockRoomToTurn(tx, drop.dropId, at, leastPauseMs);
    if (!room || room.orderKind === null) return { turned: false, offered: 0 };
    await lapsePasses(tx, drop.dropId, at);
    const lapsed = await lapseOffers(tx, drop.dropId, at);
    await queueOffers(tx, drop, "lapsed", lapsed, at);
    const paced = { ...room, rate: rateOf(room, drop, beats, at) };
    const kept = await readKept(tx, drop.dropId, at);
    const line = { drop, room: paced, kept, at };
    const { after, offered } = room.mode === "line" ? await call(tx, line) : await offer(tx, line);
    await queueOffers(tx, drop, "offered", offered, at);
    await noteTurn(tx, after, at);
    return { turned: true, offered: offered.length };
  }

  type Line = { drop: LineDrop; room: RoomRow & { rate: number }; kept: ReadonlyMap<string, number>; at: Date };
  type Outcome = { after: RoomRow; offered: readonly Offered[] };

  async function call(tx: Tx, { drop, room, kept, at }: Line): Promise<Outcome> {
    const { dropId, called, rate } = room;
    const turnout = await readTurnout(tx, dropId, called, at);
    const asking = await readAsking(tx, dropId, at);
    const cameShare = shareOf(turnout, room.cameShare);
    const free = await freeOf(lineProductsOf(drop));
    if (!free) return { after: { ...room, cameShare }, offered: [] };
    const isSoldOut = free.size === drop.products.length && spareOf(free, new Map()) === 0;
    if (isSoldOut && drop.listAfterSoldOut) return { after: { ...room, cameShare, mode: "offers" }, offered: [] };
    const spare = spareOf(free, kept, asking);
    const calls = callsOf({ spare, expected: turnout.expected, cameShare, rate, sinceMs: sinceOf(room, at) });
    const next = calls > 0 ? await readNextCalled(tx, dropId, called, calls) : called;
    return { after: { ...room, cameShare, called: next }, offered: [] };
  }

  async function offer(tx: Tx, { drop, room, kept, at }: Line): Promise<Outcome> {
    const untilMs = offerEndOf(drop, room.mode, at.getTime());
    const open = await countOffers(tx, room.dropId);
    const free = await freeOf(lineProductsOf(drop));
    const spare = free ? spareOf(free, kept) - open : 0;
    if (spare <= 0 || untilMs === undefined) return { after: room, offered: [] };
    const { dropId, called } = room;
    const offered = await offerNext(tx, { dropId, called, count: spare, until: new Date(untilMs) });
    return { after: { ...room, called: Math.max(called, ...offered.map(({ placeNo }) => placeNo)) }, offered };
  }

  return async (drop) => {
    const beats = (await pulse()).filter(({ ageMs }) => ageMs < freshBeatMs);
    const turn = await sql.transaction((tx) => work(tx, drop, beats));
    if (turn.turned) await crashPoint("room.turned");
    return turn;
  };
}

function rateOf(room: RoomRow, { admitPerSecond }: LineDrop, beats: readonly Beat[], at: Date): number {
  return nextRate({
    rate: room.rate ?? admitPerSecond,
    startRate: admitPerSecond,
    p99Ms: Math.max(0, ...beats.map(({ p99Ms }) => p99Ms ?? 0)),
    overloaded: beats.some(({ refused }) => (refused.overloaded ?? 0) > 0),
    sinceMs: sinceOf(room, at),
  });
}

/** The clock may have been set back since the last turn: a pace does not fall by that. */
function sinceOf({ turnedAt }: RoomRow, at: Date): number {
  return turnedAt ? Math.max(0, Math.min(mostPauseMs, at.getTime() - turnedAt.getTime())) : 1_000;
}
