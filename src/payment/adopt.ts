/**
 * Brings the books up to the provider's own list of charges. Books that were restored from a backup lack payments that the
 * provider took after it: unless they are adopted, their buyers are asked to pay again, or their orders end unpaid.
 * docs/adr/0074-recovery-drills.md.
 */
import type { Decided, OrderBooks } from "./changes.ts";
import { afterSaid, type FactSource, paymentOf, type Recorded, record } from "./facts.ts";
import { type OrderToPay, openingOf } from "./open.ts";
import type { Payment } from "./payment-rows.ts";
import type { ListedCharge } from "./provider.ts";
import { isLive } from "./state.ts";

/** The order of a charge, as the books have it. */
export type OrderOfCharge = OrderToPay & {
  /** It ended without being confirmed: money that was taken for it goes back. */
  isOver: boolean;
};

/** Pages of the charges since the moment that the books do not have, and that hold or took money or may still do so. */
export async function* strangeCharges(
  { sql, provider }: Pick<FactSource, "sql" | "provider">,
  sinceMs: number,
): AsyncIterable<ListedCharge[]> {
  for await (const page of provider.chargesSince(sinceMs)) {
    const known = await sql.query<{ paymentId: string }>(
      `select payment_id as "paymentId" from payment.payment where payment_id = any($1::uuid[])`,
      [page.map(({ paymentId }) => paymentId)],
    );
    const ids = new Set(known.map(({ paymentId }) => paymentId));
    yield page.filter(({ paymentId, status }) => !ids.has(paymentId) && holdsMoney.has(status));
  }
}

/**
 * Brings the payments that the books have up to the charges: what happened to one after the backup is news to it. Begins
 * at the oldest payment that waits for its order's end, if that is earlier: its buyer may have cancelled after the backup.
 */
export async function refreshCharges(deps: FactSource, sinceMs: number): Promise<void> {
  const [oldest] = await deps.sql.query<{ at: Date | null }>(
    "select min(requested_at) as at from payment.payment where state in ('authorized', 'captured') and kept_at is null",
  );
  const fromMs = Math.min(sinceMs, oldest?.at?.getTime() ?? sinceMs);
  for await (const page of deps.provider.chargesSince(fromMs)) {
    // A payment that the books do not have stays unknown: `record` changes nothing for it.
    for (const charge of page) {
      await deps.announce(await record(deps.changes, charge.paymentId, charge, { isCurrent: true }));
    }
  }
}

/** Writes the charge as a payment of its order. Idempotent. A second one beside a live payment is given back. */
export async function adopt(deps: FactSource, order: OrderOfCharge, charge: ListedCharge): Promise<void> {
  const { of, firstIntent } = openingOf(order);
  const recorded = await deps.changes.make<Recorded | undefined>({
    of,
    firstIntent: { ...firstIntent, closed: order.isOver },
    decide: (books, { nowMs }) => decideAdoption(books, deps.provider.name, charge, nowMs),
  });
  await deps.announce(recorded);
}

function decideAdoption(
  books: OrderBooks | undefined,
  provider: string,
  charge: ListedCharge,
  nowMs: number,
): Decided<Recorded | undefined> {
  if (!books) return { answer: undefined };
  if (paymentOf(books, charge.paymentId)) return afterSaid(books, charge.paymentId, charge, nowMs, true);
  const { intent, payments } = books;
  const payment: Payment = {
    paymentId: charge.paymentId,
    orderId: intent.orderId,
    attempt: payments.length + 1,
    // An order has one live payment: a charge beside it is one that we gave up, and goes back when it is granted.
    state: payments.some(({ state }) => isLive(state)) ? "declined" : "requested",
    amountMinor: intent.amountMinor ?? charge.amountMinor,
    currency: intent.currency ?? charge.currency,
    provider,
    providerRef: charge.providerRef,
    declineReason: null,
    cardLast4: "",
    requestedAt: new Date(charge.createdMs),
    nextTryAt: new Date(nowMs),
    tries: 0,
    givenBackMinor: 0,
    kept: false,
  };
  return afterSaid({ ...books, payments: [...payments, payment] }, charge.paymentId, charge, nowMs, true);
}

const holdsMoney: ReadonlySet<string> = new Set(["processing", "authorized", "captured"]);
