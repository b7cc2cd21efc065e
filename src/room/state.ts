/** The public state of a line: made once a second for each drop, and sent unchanged to all who wait. */

import { freezeMsOf } from "#drops";
import type { Sql } from "#engines/sql";
import { createKeptAnswers } from "#platform/kept-answers";
import { reachOf, spareOf } from "./controller.ts";
import { type LineDrop, lineProductsOf, modeOf, offerEndOf, roomPhaseOf, takesPlaces } from "./line-drop.ts";
import { countOffers, readAsking, readTurnout } from "./line-rows.ts";
import type { BitsOf } from "./load.ts";
import { readKept } from "./pass-rows.ts";
import type { Mode } from "./room-rows.ts";
import type { RoomState } from "./wire.ts";

export type StateOptions = {
  sql: Sql;
  /** Undefined of a draft, and if there is no such drop. */
  dropOf(dropId: string): Promise<LineDrop | undefined>;
  /** The round that is promised for the drop. */
  roundOf(drop: LineDrop): number;
  /** By product. */
  unitsOf(drop: LineDrop): Promise<ReadonlyMap<string, { free: number; held: number }>>;
  bitsOf: BitsOf;
  now(): number;
};

/** The answer in JSON; undefined if no such drop is announced. */
export type StateOf = (dropId: string) => Promise<Buffer | undefined>;

const keptMs = 1_000;
/** Over so long the pace of the calls is measured. */
const paceMs = 30_000;

function isDrawn({ state, entry }: LineDrop): boolean {
  return state === "scheduled" && entry !== "open";
}

export function createState({ sql, dropOf, unitsOf, bitsOf, roundOf, now }: StateOptions): StateOf {
  async function make(dropId: string): Promise<Buffer | undefined> {
    const drop = await dropOf(dropId);
    return drop && Buffer.from(JSON.stringify(await viewOf(drop)));
  }

  async function viewOf(drop: LineDrop): Promise<RoomState> {
    const nowMs = now();
    const [line] = await sql.query<Line>(selectLine, [drop.dropId, new Date(nowMs), new Date(nowMs - paceMs)]);
    const mode = line?.mode ?? modeOf(drop);
    const phase = roomPhaseOf(drop, line, nowMs);
    const isOver = phase === "ended" || phase === "cancelled";
    // After the end a pass makes no order and an offer gives no pass, whatever their time: neither keeps a unit.
    const figures = await figuresOf(drop, isOver ? undefined : line, new Date(nowMs));
    const takes = takesPlaces(drop, phase);
    // The row of a line is made by its first place.
    const isEmpty = !line && isDrawn(drop) && freezeMsOf(drop) <= nowMs;
    const frozenSize = isEmpty ? 0 : (line?.frozenSize ?? null);
    const called = line?.called ?? 0;
    // The line gets no unit any more: the drop is over, or closes before an offer would end.
    const getsNoUnit = isOver || (mode === "offers" && offerEndOf(drop, mode, nowMs) === undefined);
    return {
      dropId: drop.dropId,
      name: drop.name,
      state: phase,
      mode,
      takesPlaces: takes,
      work: takes && drop.workToJoin ? await bitsOf(drop.dropId) : null,
      now: new Date(nowMs).toISOString(),
      opensAt: drop.opensAt.toISOString(),
      closesAt: drop.closesAt.toISOString(),
      freezesAt: new Date(freezeMsOf(drop)).toISOString(),
      paused: drop.paused,
      places: line?.places ?? 0,
      called,
      rate: phase === "open" && mode === "line" && figures.free > 0 ? paceOf(line) : null,
      free: figures.free,
      held: figures.held + figures.kept,
      reach: getsNoUnit ? [called, called] : reachOf({ called, ...figures }),
      order: isEmpty ? "arrival" : (line?.orderKind ?? null),
      frozenSize,
      root: line?.root?.toString("hex") ?? null,
      round: mode === "offers" || frozenSize === 0 ? null : (line?.round ?? roundOf(drop)),
      seed: line?.seed?.toString("hex") ?? null,
      every: everyMs(phase, drop, nowMs),
    };
  }

  /** The units that are left for the line, and how many people are served before those that were not called. */
  async function figuresOf(drop: LineDrop, line: Line | undefined, at: Date) {
    const { dropId } = drop;
    const called = line?.called ?? 0;
    const kept = line ? await readKept(sql, dropId, at) : new Map();
    const offers = line ? await countOffers(sql, dropId) : 0;
    const asking = line ? await readAsking(sql, dropId, at) : new Map();
    // An offer keeps its unit, whether or not its person comes.
    const expected = line?.mode === "line" ? (await readTurnout(sql, dropId, called, at)).expected : 0;
    const units = await unitsOf(drop);
    const products = lineProductsOf(drop).map((productId) => ({ productId, ...(units.get(productId) ?? none) }));
    const orderable = new Map(products.map(({ productId, free }) => [productId, free]));
    const free = Math.max(0, spareOf(orderable, kept) - offers);
    return {
      free,
      /** By passes and offers. */
      kept: sumOf(products.map((product) => product.free)) - free,
      held: sumOf(products.map((product) => product.held)),
      spare: Math.max(0, spareOf(orderable, kept, asking) - offers),
      expected,
      cameShare: line?.cameShare ?? 1,
      unitsEach: line?.unitsEach ?? 1,
    };
  }

  return createKeptAnswers({ keptMs, make });
}

const none = { free: 0, held: 0 };

function sumOf(figures: readonly number[]): number {
  return figures.reduce((sum, figure) => sum + figure, 0);
}

type Line = {
  mode: Mode;
  places: number;
  called: number;
  calledBefore: number | null;
  beforeMs: number | null;
  cameShare: number;
  rate: number | null;
  frozenAt: Date | null;
  frozenSize: number | null;
  orderKind: "drawn" | "arrival" | null;
  root: Buffer | null;
  round: number | null;
  seed: Buffer | null;
  /** Units of an order, of those that were made with passes. */
  unitsEach: number;
};

const selectLine = `
  select r.mode, r.last_seq as places, r.called, r.came_share as "cameShare", r.rate, r.frozen_at as "frozenAt",
         r.frozen_size as "frozenSize", r.order_kind as "orderKind", r.root, r.round, r.seed,
         before.called as "calledBefore", extract(epoch from $2 - before.at)::float8 * 1000 as "beforeMs",
         (select coalesce(avg(a.quantity), 1)::float8 from room.pass a
           where a.drop_id = r.drop_id and a.quantity is not null) as "unitsEach"
    from room.room r
    left join lateral (select c.called, c.at from room.call c
                        where c.drop_id = r.drop_id and c.at >= $3 order by c.at limit 1) as before on true
   where r.drop_id = $1`;

/** As measured over the last half minute; at the beginning, as the controller would call. */
function paceOf(line: Line | undefined): number | null {
  if (!line || line.rate === null) return null;
  const { called, calledBefore, beforeMs } = line;
  if (calledBefore === null || beforeMs === null || beforeMs < 5_000) return rounded(line.rate / line.cameShare);
  const pace = ((called - calledBefore) * 1_000) / beforeMs;
  return pace > 0 ? rounded(pace) : null;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Ten thousand pages that ask are answered by caches; these pauses are for those without one. */
function everyMs(phase: RoomState["state"], drop: LineDrop, nowMs: number): number {
  const { opensAt, listAfterSoldOut } = drop;
  // Its line begins the moment that it is sold out.
  if (phase === "none" && listAfterSoldOut && opensAt.getTime() <= nowMs) return 2_000;
  if (phase === "ended" || phase === "cancelled" || phase === "none") return 30_000;
  return opensAt.getTime() - nowMs > 300_000 ? 10_000 : 1_000;
}
