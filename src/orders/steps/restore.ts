/**
 * Restores an order whose time ran out while the provider was deciding, and that was paid after all. Its units went
 * back on sale, so it takes new ones, like any buyer: at the gate if that is on, otherwise in the books. The books
 * decide, in the transaction that confirms the order. Until then nothing is promised, so nothing goes to the log, and
 * the sweeper gives back the units of a crash.
 */
import { createHash } from "node:crypto";
import type { Sql, Tx } from "#engines/sql";
import type { Decided, Inventory, ReservationRef } from "#inventory";
import { crashPoint } from "#platform/crash-points";
import { uuidV8 } from "#platform/ids";
import { type Order, readOrder, restoreOrder } from "../books/order-rows.ts";
import { queueEvents } from "../books/outbox.ts";
import { changeEventOf } from "../events.ts";
import { productPrefix } from "../ids.ts";
import { isUndecided } from "../state.ts";

/** `later`: not known at the moment. `next_in_line`: free units are for the people in the line of the product's drop. */
export type RestoreAnswer = "restored" | "impossible" | "next_in_line" | "later";

export type RestoreOptions = {
  sql: Sql;
  inventory: Inventory;
  now(): number;
  onRestored(order: Order): void;
};

export function createRestore({ sql, inventory, now, onRestored }: RestoreOptions) {
  const { gate, books, agreement } = inventory;
  return async (orderId: string): Promise<RestoreAnswer> => {
    const order = await readOrder(sql, orderId);
    if (order?.status === "CONFIRMED") return "restored";
    if (!order || !isUndecided(order)) return "impossible";
    const mode = await agreement.mode.known();
    // Its own units count as taken until they are back, also against its buyer's limit.
    if (mode === "closed" || !(await books.ledger.areBack(order))) return "later";
    return mode === "sync" ? pastTheGate(order) : throughTheGate(order);
  };

  async function throughTheGate(order: Order): Promise<RestoreAnswer> {
    const nowMs = now();
    const [answer] = await gate.reserve([
      {
        productId: order.productId,
        orderId: secondIdOf(order),
        userId: order.userId,
        quantity: order.quantity,
        bodyHash: "",
        expectedTotalMinor: null,
        newIn: null,
        withdrawal: false,
        ignoresSale: true,
        nowMs,
        payByMs: nowMs,
      },
    ]);
    if (answer?.kind === "refused") return answerTo(answer.reason);
    if (answer?.kind !== "reserved" && answer?.kind !== "duplicate") return "later";
    const { reservation } = answer;
    await crashPoint("restore.reserved");
    return decide(order, (tx) => books.claim(tx, [{ ...reservation, intent: "claim" }]));
  }

  function pastTheGate(order: Order): Promise<RestoreAnswer> {
    const { productId, userId, quantity } = order;
    const claim = {
      productId,
      orderId: secondIdOf(order),
      userId,
      quantity,
      limitPerCustomer: null,
      ignoresSale: true,
    };
    return decide(order, async (tx) => {
      const [answer] = (await books.claimDirect(tx, [claim])) ?? [];
      if (!answer) return null;
      return "claim" in answer ? [answer.claim] : answerTo(answer.refusal.reason);
    });
  }

  async function decide(
    order: Order,
    claim: (tx: Tx) => Promise<Claimed | RestoreAnswer | null>,
  ): Promise<RestoreAnswer> {
    const done = await sql.transaction(
      async (tx): Promise<{ restored?: Order; refused?: RestoreAnswer } | undefined> => {
        const claimed = (await claim(tx)) ?? [];
        if (typeof claimed === "string") return { refused: claimed };
        const [fate] = claimed;
        if (!fate || wasTakenBack(fate)) return undefined;
        if (fate.fate !== "claimed") return {};
        const at = new Date(now());
        const restored = await restoreOrder(tx, order.orderId, fate, at);
        if (!restored) return fate.fresh ? abandon(order) : {};
        books.queueOutcomes(tx, [fate], "sold");
        await queueEvents(tx, [changeEventOf(restored, at)]);
        return { restored };
      },
    );
    if (!done) return "later";
    if (done.refused) return done.refused;
    if (done.restored) {
      onRestored(done.restored);
      return "restored";
    }
    return (await readOrder(sql, order.orderId))?.status === "CONFIRMED" ? "restored" : "impossible";
  }
}

type Claimed = readonly (Decided & ReservationRef)[];

/**
 * The reservation is over, which says nothing about the units: a rebuild or the sweeper came between gate and books. The
 * next try takes another one.
 */
function wasTakenBack({ fate, reason }: Decided): boolean {
  return fate === "fenced" || (fate === "void" && reason === undefined);
}

function answerTo(reason: string): RestoreAnswer {
  if (reason === "pass_required") return "next_in_line";
  return reason === "sold_out" || reason === "limit_per_customer" ? "impossible" : "later";
}

/** Names the order's second reservation, always the same, so that two concurrent tries take one. */
function secondIdOf({ orderId, productId }: Order): string {
  return uuidV8(productPrefix(productId), createHash("sha256").update(`again ${orderId}`).digest());
}

/** The order was ended otherwise in this moment, so the claim of its new units is rolled back. */
function abandon({ orderId }: Order): never {
  throw new Error(`the payment of order ${orderId} is no longer undecided`);
}
