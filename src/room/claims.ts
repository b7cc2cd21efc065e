/**
 * Gives passes to people whose turn it is. All claims on a line go through its row's lock, in batches: they are counted
 * against the free units there, so no unit is promised twice, in any process.
 */
import type { Sql, Tx } from "#engines/sql";
import { type Batcher, createBatcher } from "#platform/batch";
import { crashPoint } from "#platform/crash-points";
import { randomHex } from "#platform/ids";
import { grantsOf, refilled } from "./grants.ts";
import {
  type Asker,
  graceMs,
  insertPasses,
  type NewPass,
  noteAsked,
  type PassRow,
  readAskers,
  readKept,
  renewPass,
} from "./pass-rows.ts";
import { lockRoom, noteClaims, type RoomRow } from "./room-rows.ts";

export type Claim = { userId: string; productId: string; renew: boolean };
export type Claimed =
  | { ok: true; pass: PassRow }
  | { ok: false; reason: "not_in_line" | "nothing_free" }
  | { ok: false; reason: "not_your_turn"; afterMs: number }
  | { ok: false; reason: "pass_spent"; orderId: string };

export type ClaimsOptions = {
  sql: Sql;
  /** Undefined while it cannot be told. */
  freeOf(productIds: readonly string[]): Promise<ReadonlyMap<string, number> | undefined>;
  orderIdOf(order: { userId: string; productId: string; key: string }): string;
  now(): number;
};

/** Passes are given while the drop is open and not paused; one that was given before is answered at any time. */
export type Line = { dropId: string; productIds: readonly string[]; isOpen: boolean };

export type Claims = { claim(line: Line, claim: Claim): Promise<Claimed> };

export const passMs = 120_000;
const claimsAtOnce = 500;
const mostWaiting = 20_000;
/** A person asks again after this time. */
export const againMs = 2_000;

export function createClaims({ sql, freeOf, orderIdOf, now }: ClaimsOptions): Claims {
  const batchers = new Map<string, Batcher<{ line: Line; claim: Claim }, Claimed>>();

  function claimAll({ dropId, productIds, isOpen }: Line, claims: readonly Claim[]): Promise<Claimed[]> {
    return sql.transaction(async (tx) => {
      const room = await lockRoom(tx, dropId);
      const at = new Date(now());
      const askers = new Map(
        (
          await readAskers(
            tx,
            dropId,
            claims.map(({ userId }) => userId),
          )
        ).map((one) => [one.userId, one]),
      );
      const answers = new Map<string, Claimed>();
      const fresh = new Map<string, { asker: Asker; productId: string }>();
      const asked = new Map<string, { seq: number; productId: string }>();
      for (const { userId, productId, renew } of claims) {
        const asker = askers.get(userId);
        const known = standing(room, asker, isOpen, at);
        if (known) answers.set(userId, known.ok && renew ? await renewed(tx, known.pass, at) : known);
        else if (asker && !fresh.has(userId)) fresh.set(userId, { asker, productId });
        if (asker && room && isCalled(room, asker)) asked.set(userId, { seq: asker.seq, productId });
      }
      await noteAsked(tx, dropId, [...asked.values()], at);
      if (room && fresh.size > 0) await grant(tx, room, productIds, [...fresh.values()], answers, at);
      return claims.map(({ userId }) => answers.get(userId) ?? { ok: false, reason: "not_in_line" });
    });
  }

  async function grant(
    tx: Tx,
    room: RoomRow,
    productIds: readonly string[],
    fresh: readonly { asker: Asker; productId: string }[],
    answers: Map<string, Claimed>,
    at: Date,
  ): Promise<void> {
    const { dropId, rate, claimsAt, claimsLeft } = room;
    const kept = await readKept(tx, dropId, at);
    const free = (await freeOf(productIds)) ?? new Map<string, number>();
    const sinceMs = claimsAt ? at.getTime() - claimsAt.getTime() : Number.MAX_SAFE_INTEGER;
    // Offers are counted one by one, so no rate holds their people back.
    const isPaced = room.mode === "line" && rate !== null;
    const allowed = isPaced ? refilled({ left: claimsLeft, rate, sinceMs }) : fresh.length;
    const asks = fresh.map(({ asker: { placeNo }, productId }) => ({ placeNo, productId }));
    const grants = grantsOf(asks, { free, kept, allowed });
    const passes: NewPass[] = [];
    fresh.forEach(({ asker, productId }, i) => {
      const { userId, seq } = asker;
      if (grants[i] === "nothing_free") answers.set(userId, { ok: false, reason: "nothing_free" });
      else if (grants[i] === "too_fast") answers.set(userId, { ok: false, reason: "not_your_turn", afterMs: 1_000 });
      else {
        const passId = randomHex(16);
        const orderId = orderIdOf({ userId, productId, key: passId });
        const offerEnds = room.mode === "line" ? null : asker.offeredUntil;
        const expiresAt = offerEnds ?? new Date(at.getTime() + passMs);
        const renewed = offerEnds !== null;
        const pass = { userId, productId, passId, orderId, expiresAt, renewed, state: "live" as const };
        passes.push({ ...pass, seq });
        answers.set(userId, { ok: true, pass: { ...pass, attempt: (asker.pass?.attempt ?? 0) + 1 } });
      }
    });
    await insertPasses(tx, dropId, passes, at);
    if (isPaced) await noteClaims(tx, dropId, allowed - passes.length, at);
  }

  async function renewed(tx: Tx, pass: PassRow, at: Date): Promise<Claimed> {
    if (pass.renewed) return { ok: true, pass };
    const expiresAt = new Date(at.getTime() + passMs);
    await renewPass(tx, pass.passId, expiresAt);
    return { ok: true, pass: { ...pass, expiresAt, renewed: true } };
  }

  /** Under load a batcher outlives the opening and a pause, so the latest look at the drop counts. */
  async function run(items: { line: Line; claim: Claim }[]): Promise<Claimed[]> {
    const latest = items.at(-1);
    if (!latest) return [];
    const answers = await claimAll(
      latest.line,
      items.map(({ claim }) => claim),
    );
    if (answers.some(({ ok }) => ok)) await crashPoint("room.passes-given");
    return answers;
  }

  return {
    async claim(line, claim) {
      const known = batchers.get(line.dropId);
      const batcher = known ?? createBatcher({ maxBatch: claimsAtOnce, maxWaiting: mostWaiting, run });
      batchers.set(line.dropId, batcher);
      try {
        return await batcher.add({ line, claim });
      } finally {
        if (batcher.waiting === 0) batchers.delete(line.dropId);
      }
    },
  };
}

/** The answer to a person whom no new pass is given; undefined if it is their turn for one. */
export function standing(
  room: RoomRow | undefined,
  asker: Asker | undefined,
  isOpen: boolean,
  at: Date,
): Claimed | undefined {
  if (!asker || !room) return { ok: false, reason: "not_in_line" };
  const { pass, offeredUntil, isDone } = asker;
  if (pass?.state === "spent") return { ok: false, reason: "pass_spent", orderId: pass.orderId };
  if (pass?.state === "live") {
    const leftMs = pass.expiresAt.getTime() - at.getTime();
    if (leftMs > 0) return { ok: true, pass };
    // Its order may have been taken at the last instant; a moment later that is known.
    if (leftMs > -graceMs) return { ok: false, reason: "not_your_turn", afterMs: graceMs + leftMs };
  }
  const isOffered = room.mode === "line" || (offeredUntil !== null && offeredUntil > at);
  if (isOpen && isOffered && !isDone && isCalled(room, asker)) return undefined;
  return { ok: false, reason: "not_your_turn", afterMs: againMs };
}

/** A called person who asks and gets nothing is the next to whom a unit that comes back is offered. */
function isCalled({ orderKind, called }: RoomRow, { placeNo }: Asker): boolean {
  return orderKind !== null && placeNo <= called;
}
