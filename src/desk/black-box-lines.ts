/** Makes one timeline of what the parts of the shop know of an order. */
import type { QueuedMail } from "#engines/mail";
import type { Accounts } from "#identity";
import type { GateRecord, StockHistory } from "#inventory";
import type { OrdersDelivery } from "#notifications";
import type { OrderHistory } from "#orders";
import { isFailedAttempt, type PaymentAttempt, type PaymentHistory } from "#payment";
import { currencyDecimals, currencyFormat } from "#platform/currency-decimals";
import type { Warehouse } from "#warehouse";
import type { LetterSummary } from "./letter-rows.ts";
import type { Source } from "./wire.ts";

/** undefined: the part did not answer, or knows nothing. */
export type Known = {
  books: OrderHistory | undefined;
  stock: StockHistory | undefined;
  record: GateRecord | undefined;
  /** Accepted orders that are not settled. */
  lag: number | undefined;
  paid: PaymentHistory | undefined;
  mails: QueuedMail[] | undefined;
  webhooks: OrdersDelivery[] | undefined;
  parcel: Awaited<ReturnType<Warehouse["find"]>>;
  acts: Awaited<ReturnType<Accounts["audit"]["list"]>> | undefined;
  dead: LetterSummary[] | undefined;
};

export type Line = {
  at: Date;
  source: Source;
  says: string;
  /** The same for programs, with what the sentence leaves out. */
  facts: Readonly<Record<string, string | number>>;
};

/** In time order; within one millisecond in the order in which an order passes the parts. */
export function linesOf(known: Known): Line[] {
  const { books, stock, record, paid, mails = [], webhooks = [], parcel, acts = [], dead = [] } = known;
  const lines = [
    ...(record ? [ofRecord(record)] : []),
    ...(stock ? ofStock(stock) : []),
    ...(books ? ofBooks(books) : []),
    ...(paid ? ofPayments(paid) : []),
    ...mails.map(ofMail),
    ...webhooks.flatMap(ofWebhook),
    ...(parcel ? ofParcel(parcel) : []),
    ...acts.map(ofAct),
    ...dead.flatMap(ofLetter),
  ];
  return lines.toSorted((a, b) => a.at.getTime() - b.at.getTime());
}

function line(source: Source, at: Date, says: string, facts: Record<string, string | number | null> = {}): Line {
  const known = Object.entries(facts).filter((entry): entry is [string, string | number] => entry[1] !== null);
  return { at, source, says, facts: Object.fromEntries(known) };
}

function ofRecord({ reservedAtMs, state, quantity, epoch, reservationNo }: GateRecord): Line {
  const says = `${units(quantity)} taken; the record is ${state}`;
  return line("gate", new Date(reservedAtMs), says, { state, quantity, epoch, reservationNo });
}

function ofStock({ reservations, entries }: StockHistory): Line[] {
  const decided = reservations.flatMap(({ decidedAt, endedAt, outcome, ...reservation }) => {
    const { fate, quantity, epoch, reservationNo, seq, productId } = reservation;
    const named = { productId, quantity, epoch, reservationNo };
    const lines = [line("stock", decidedAt, `${units(quantity)} ${fate}`, { ...named, fate, seq })];
    if (outcome && endedAt) lines.push(line("stock", endedAt, `${units(quantity)} ${outcome}`, { ...named, outcome }));
    return lines;
  });
  const entered = entries.map(({ at, quantity, reason, actor, ref }) =>
    line("stock", at, `${actor} entered ${units(quantity)}: ${reason}`, { quantity, ref, actor }),
  );
  return [...decided, ...entered];
}

function ofBooks({ order, refund, events }: OrderHistory): Line[] {
  const entries = (order?.timeline ?? []).map(({ status, at, reason, payBy, givenBackMinor }) => {
    const until = payBy === undefined ? "" : `, to be ${order?.totalMinor ? "paid" : "confirmed"} by ${payBy}`;
    const back = givenBackMinor === undefined ? "" : `, ${money(givenBackMinor, order?.currency ?? "")} in all`;
    return line("books", new Date(at), `${status}${reason ? `: ${reason}` : ""}${until}${back}`, {
      status,
      reason: reason ?? null,
    });
  });
  const told = events.map(({ id, type, at, isOnTheLog }) =>
    line("log", at, `${type} ${isOnTheLog ? "is on the log" : "waits in the outbox"}`, { eventId: id, type }),
  );
  if (!refund) return [...entries, ...told];
  const { reason, actor, restock, askedAt, doneAt } = refund;
  const says = `${actor} asked for a refund${restock ? " and to take the units back" : ""}: ${reason}`;
  const done = doneAt ? [line("books", doneAt, "the refund is done", { refund: "done" })] : [];
  return [...entries, ...told, line("books", askedAt, says, { actor, reason }), ...done];
}

function ofPayments({ intent, payments, news }: PaymentHistory): Line[] {
  const { openedAt = null, lastCallAt = null, closedAt = null } = intent ?? {};
  return [
    ...(openedAt ? [line("payment", openedAt, "it may be paid")] : []),
    ...(lastCallAt ? [line("payment", lastCallAt, "no further attempt to pay may begin")] : []),
    ...(closedAt ? [line("payment", closedAt, "payments of this order are closed")] : []),
    ...payments.flatMap(ofPayment),
    // The order's own timeline has an attempt that failed, once the order was told.
    ...news
      .filter(({ kind, toldAt }) => !(isFailedAttempt(kind) && toldAt))
      .map(({ kind, at, toldAt }) =>
        line("payment", at, `news from the provider: ${kind}${toldAt ? "" : ", which the order does not have yet"}`, {
          kind,
        }),
      ),
  ];
}

function ofPayment(payment: PaymentAttempt): Line[] {
  const { paymentId, attempt, state, amountMinor, currency, provider, cardLast4, declineReason } = payment;
  const { requestedAt, grantedAt, keptAt, changedAt, tries, lastError, givenBackMinor } = payment;
  const card = cardLast4 === "" ? "" : `, card …${cardLast4}`;
  const failing = lastError === null ? "" : `; the last of ${tries} tries failed: ${lastError}`;
  const back = givenBackMinor === 0 ? "" : `; ${money(givenBackMinor, currency)} given back`;
  const why = declineReason === null ? "" : ` (${declineReason})`;
  const facts = { paymentId, attempt };
  return [
    line(
      "payment",
      requestedAt,
      amountMinor === 0
        ? `attempt ${attempt}: it costs nothing, so no provider is asked`
        : `attempt ${attempt}: ${provider} is asked for ${money(amountMinor, currency)}${card}`,
      facts,
    ),
    ...(grantedAt ? [line("payment", grantedAt, `attempt ${attempt} is granted`, facts)] : []),
    ...(keptAt ? [line("payment", keptAt, `attempt ${attempt} is kept: the order is confirmed by it`, facts)] : []),
    line("payment", changedAt, `attempt ${attempt} is ${state}${why}${back}${failing}`, {
      ...facts,
      state,
      amountMinor,
      currency,
      givenBackMinor,
    }),
  ];
}

function ofMail({ queuedAt, subject, to, state, failure, seq }: QueuedMail): Line {
  const why = failure === null ? "" : `: ${failure}`;
  return line("mail", queuedAt, `"${subject}" to ${to} is ${state}${why}`, { seq, state });
}

function ofWebhook(delivery: OrdersDelivery): Line[] {
  const { createdAt, type, url, state, tries, lastAt, lastStatus, lastAnswer, deliveryId } = delivery;
  const queued = line("webhooks", createdAt, `${type} is queued for ${url}`, { deliveryId });
  if (!lastAt) return [queued];
  const answer = lastStatus === null ? lastAnswer : `answered ${lastStatus}`;
  return [
    queued,
    line("webhooks", lastAt, `${type} is ${state} after ${tries} tries: ${answer}`, { deliveryId, state }),
  ];
}

function ofParcel({ parcel, scans }: NonNullable<Known["parcel"]>): Line[] {
  const { state, assignee, scanned, quantity, changedAt, shortReason } = parcel;
  const by = assignee === null ? "" : ` by ${assignee}`;
  const why = shortReason === null ? "" : `: ${shortReason}`;
  const says = `the parcel is ${state}${by}, ${scanned} of ${quantity} scanned${why}`;
  const read = scans.map(({ at, code, result, actor }) =>
    line("warehouse", at, `${actor} scanned ${code}: ${result}`, { result, actor }),
  );
  return [line("warehouse", changedAt, says, { state, scanned, quantity }), ...read];
}

function ofAct({ at, actor, action, phase, outcome, seq }: NonNullable<Known["acts"]>[number]): Line {
  const what =
    phase === "intent"
      ? `begins ${action}${outcome === null ? ", without an outcome yet" : ""}`
      : `${action}: ${phase}`;
  return line("audit", at, `${actor} ${what}`, { actor, action, phase, seq });
}

function ofLetter({ letterId, topic, appendedAt, state, handledAt, handledBy, reason }: LetterSummary): Line[] {
  const buried = line("dead letters", appendedAt, `dead letter ${letterId} of ${topic}`, { letterId, state });
  if (!handledAt) return [buried];
  const why = reason === null ? "" : `: ${reason}`;
  return [buried, line("dead letters", handledAt, `${handledBy} ${state} dead letter ${letterId}${why}`, { letterId })];
}

/** `EUR 49.00`: a currency has as many decimals as its minor unit says. */
function money(minor: number, currency: string): string {
  const format = new Intl.NumberFormat("en", { ...currencyFormat(currency), currencyDisplay: "code" });
  return format.format(minor / 10 ** currencyDecimals(currency)).replaceAll("\u00a0", " ");
}

function units(quantity: number): string {
  return Math.abs(quantity) === 1 ? `${quantity} unit` : `${quantity} units`;
}
