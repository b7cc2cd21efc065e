/**
 * Exchanges a pass for one of another product of the drop. A unit of the new product is kept first; then the gate retires the
 * former pass, so that it never makes an order; only then is the new pass told. After a death in between the same request
 * goes on; without one, both passes end by their time. See docs/adr/0060-a-pass-is-exchanged.md.
 */
import type { Sql, Tx } from "#engines/sql";
import { GateUnavailable, type Inventory } from "#inventory";
import { crashPoint } from "#platform/crash-points";
import { randomHex } from "#platform/ids";
import { againMs, type Claimed, type ClaimsOptions } from "./claims.ts";
import { insertPending, type PassOfPlace, readPass, readPassesOf, settlePending } from "./exchange-rows.ts";
import { readKept, setPassState } from "./pass-rows.ts";
import { lockRoom } from "./room-rows.ts";

export type Exchange = {
  dropId: string;
  productIds: readonly string[];
  userId: string;
  passId: string;
  productId: string;
};
export type Exchanged = Claimed | { ok: false; reason: "pass_invalid" | "pass_expired" | "gate_unavailable" };

export type ExchangeOptions = ClaimsOptions & { sql: Sql; retire: Inventory["retire"] };

export function createExchange({ sql, freeOf, orderIdOf, retire, now }: ExchangeOptions) {
  type Kept = { answer: Exchanged } | { former: PassOfPlace; next: PassOfPlace };

  async function keep(tx: Tx, { dropId, productIds, userId, passId, productId }: Exchange): Promise<Kept> {
    await lockRoom(tx, dropId);
    const at = new Date(now());
    const former = await readPass(tx, passId);
    if (former?.dropId !== dropId || former.userId !== userId) return { answer: { ok: false, reason: "pass_invalid" } };
    if (former.hasLeft) return { answer: { ok: false, reason: "not_in_line" } };
    if (former.state === "spent") return { answer: { ok: false, reason: "pass_spent", orderId: former.orderId } };
    const others = await readPassesOf(tx, former);
    if (former.state === "retired") {
      // The answer to this exchange was lost.
      const live = others.find((pass) => pass.state === "live" && pass.productId === productId && pass.expiresAt > at);
      return { answer: live ? { ok: true, pass: live } : { ok: false, reason: "pass_invalid" } };
    }
    if (former.state !== "live" || former.expiresAt <= at) return { answer: { ok: false, reason: "pass_expired" } };
    if (former.productId === productId) return { answer: { ok: true, pass: former } };
    const pending = others.filter(({ state }) => state === "pending");
    const same = pending.find((pass) => pass.productId === productId);
    for (const pass of pending) if (pass !== same) await setPassState(tx, pass.passId, "retired");
    if (same) return { former, next: same };
    const kept = await readKept(tx, dropId, at);
    const free = await freeOf(productIds);
    if ((free?.get(productId) ?? 0) <= (kept.get(productId) ?? 0)) {
      return { answer: { ok: false, reason: "nothing_free" } };
    }
    const nextId = randomHex(16);
    const changed = { productId, passId: nextId, orderId: orderIdOf({ userId, productId, key: nextId }) };
    await insertPending(tx, former, changed, at);
    return { former, next: { ...former, ...changed } };
  }

  async function settle(tx: Tx, former: PassOfPlace, next: PassOfPlace, fate: "retired" | "spent"): Promise<Exchanged> {
    await lockRoom(tx, former.dropId);
    if (fate === "spent") {
      await setPassState(tx, next.passId, "retired");
      return { ok: false, reason: "pass_spent", orderId: former.orderId };
    }
    await setPassState(tx, former.passId, "retired");
    const isLive = await settlePending(tx, next.passId);
    if (isLive) return { ok: true, pass: { ...next, state: "live" } };
    // A request at the same time has settled this exchange, or put another product in its place.
    const settled = await readPass(tx, next.passId);
    return settled?.state === "live"
      ? { ok: true, pass: settled }
      : { ok: false, reason: "not_your_turn", afterMs: againMs };
  }

  return async (exchange: Exchange): Promise<Exchanged> => {
    const kept = await sql.transaction((tx) => keep(tx, exchange));
    if ("answer" in kept) return kept.answer;
    const { former, next } = kept;
    await crashPoint("room.exchange-kept");
    try {
      const fate = await retire(former.productId, former.orderId, former.expiresAt.getTime());
      await crashPoint("room.exchange-retired");
      return await sql.transaction((tx) => settle(tx, former, next, fate));
    } catch (error) {
      if (error instanceof GateUnavailable) return { ok: false, reason: "gate_unavailable" };
      throw error;
    }
  };
}
