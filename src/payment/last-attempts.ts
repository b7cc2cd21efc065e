/** Reads the payment as the order's page shows it. */
import type { Queryable } from "#engines/sql";
import { maxAttempts } from "./attempt.ts";
import { isLive, isPaid, type PaymentState } from "./state.ts";

export type Attempt = {
  paymentId: string;
  /** `voiding` and `refunding`: the money is on its way back, and the provider has not answered that it is there. */
  status: Exclude<PaymentState, "requested" | "capturing"> | "processing";
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
        status: shownAs(state),
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

function shownAs(state: PaymentState): Attempt["status"] {
  if (state === "requested") return "processing";
  // Nothing is taken yet.
  return state === "capturing" ? "authorized" : state;
}
