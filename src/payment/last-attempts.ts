/** Reads the payment as the order's page shows it. */
import type { Queryable } from "#engines/sql";
import { maxAttempts } from "./attempt.ts";
import { isLive, isPaid, type PaymentState } from "./state.ts";

export type Attempt = {
  paymentId: string;
  /** A void or refund that is decided counts as done, because nothing can stop it. */
  status: "processing" | "authorized" | "captured" | "declined" | "voided" | "refunded" | "charged_back";
  /** The provider has not answered yet that it is voided or refunded. */
  isOnItsWay?: true;
  cardLast4: string;
  declineReason?: string;
  /** The part that was given back, in minor units of its currency, if the payment is not refunded as a whole. */
  givenBackMinor?: number;
  /** The buyer may try again, if the order has time left. */
  retryable: boolean;
};

export async function lastAttempts(sql: Queryable, orderIds: readonly string[]): Promise<Map<string, Attempt>> {
  const rows = await sql.query<AttemptRow>(
    `select distinct on (order_id) order_id as "orderId", payment_id as "paymentId", attempt, state,
            card_last4 as "cardLast4", decline_reason as "declineReason", given_back_minor as "givenBackMinor",
            closed_at is null and last_call_at is null as payable
       from payment.payment join payment.intent using (order_id)
      where order_id = any($1::uuid[]) order by order_id, attempt desc`,
    [orderIds],
  );
  return new Map(
    rows.map(({ orderId, paymentId, attempt, state, cardLast4, declineReason, givenBackMinor, payable }) => [
      orderId,
      {
        paymentId,
        status: shownAs[state],
        ...((state === "voiding" || state === "refunding") && { isOnItsWay: true as const }),
        cardLast4,
        ...(declineReason && { declineReason }),
        ...(givenBackMinor > 0 && isPaid(state) && { givenBackMinor }),
        retryable: payable && !isLive(state) && attempt < maxAttempts,
      },
    ]),
  );
}

type AttemptRow = {
  orderId: string;
  paymentId: string;
  attempt: number;
  state: PaymentState;
  cardLast4: string;
  declineReason: string | null;
  givenBackMinor: number;
  payable: boolean;
};

const shownAs: Record<PaymentState, Attempt["status"]> = {
  requested: "processing",
  authorized: "authorized",
  capturing: "authorized",
  captured: "captured",
  declined: "declined",
  voiding: "voided",
  voided: "voided",
  refunding: "refunded",
  refunded: "refunded",
  charged_back: "charged_back",
};
