/** Signs what became of an order, for its buyer and for support: a yes that both can check with the shop's public key. */
import type { FastifyReply } from "fastify";
import { acceptedText, refusedText } from "#fairness";
import type { Identity } from "#identity";
import type { Asked } from "#platform/http";
import { refuse } from "#platform/problems";
import type { SignedText } from "#wire/fairness";
import type { SeenOrder } from "./look.ts";
import type { Order } from "./order-rows.ts";
import type { Orders } from "./orders.ts";
import { notSettledYet, orderProblems, settleWithinMs } from "./problems.ts";
import type { OrderParams } from "./wire.ts";

export type ReceiptOptions = {
  orders: Orders;
  identity: Pick<Identity, "signing">;
  now(): number;
  ownOrder(request: Asked<{ params: typeof OrderParams }>): Promise<SeenOrder>;
};

export function createReceipts({ orders, identity, now, ownOrder }: ReceiptOptions) {
  function signed(text: string): SignedText {
    return { text, signature: identity.signing.sign(text) };
  }

  /** Made when it is asked for, so that accepting an order costs no signature. */
  async function getReceipt(request: Asked<{ params: typeof OrderParams }>, reply: FastifyReply) {
    const seen = await ownOrder(request);
    const order = await orders.settled(seen.orderId, settleWithinMs);
    // The books voided it: it was never accepted, and so it has no row.
    if (!order && seen.status === "FAILED") return signed(noOf(seen, now()));
    // A row that has failed may be that of an earlier attempt under the key.
    const isEarlier = seen.status === "PENDING" && order?.status === "FAILED";
    if (!order || isEarlier) return refuse(reply, orderProblems.outcome_pending, notSettledYet);
    return signed(yesOf(order, now()));
  }

  return { getReceipt };
}

function yesOf(order: Order, atMs: number): string {
  const { orderId, userId, productId, quantity, unitPriceMinor, currency, epoch, reservationNo, status, reason } =
    order;
  return acceptedText({
    orderId,
    userId,
    productId,
    quantity,
    unitPriceMinor,
    currency,
    placedAtMs: order.placedAt.getTime(),
    payByMs: order.payBy.getTime(),
    epoch,
    reservationNo,
    status,
    reason,
    atMs,
  });
}

function noOf({ orderId, userId, productId, quantity, placedAt }: SeenOrder, atMs: number): string {
  return refusedText({
    orderId,
    userId,
    productId,
    quantity,
    reason: "order_failed",
    by: "books",
    decidedAtMs: placedAt.getTime(),
    ...noGate,
    atMs,
  });
}

const noGate = { epoch: null, position: null, sellable: null, pending: null, held: null };
