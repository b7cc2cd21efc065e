/**
 * Payment takes money for orders, of which it knows only id, amount and deadline. Money is held first, captured only
 * once the order is confirmed, and given back if it is not.
 */
import type { Sql } from "#engines/sql";
import { createBatcher } from "#platform/batch";
import { crashPoint } from "#platform/crash-points";
import type { Log } from "#platform/log";
import { adopt, type OrderOfCharge, refreshCharges, strangeCharges } from "./adopt.ts";
import { attemptToPay, type PayAnswer } from "./attempt.ts";
import { createChanges } from "./changes.ts";
import { capture, close, lastCall } from "./decide.ts";
import type { Announcement, Recorded } from "./facts.ts";
import { readUnsettled, type UnsettledFigures } from "./figures.ts";
import { createFindings, type Findings } from "./findings.ts";
import { type Granted, grantedOf, grantedSince } from "./granted.ts";
import { type PaymentHistory, readPaymentHistory } from "./history.ts";
import { type Attempt, lastAttempts } from "./last-attempts.ts";
import { type FailedAttempt, type News, noteFailuresTold, noteTold, untoldNews } from "./news.ts";
import { type OrderToPay, open } from "./open.ts";
import type { ListedCharge, Provider, WebhookHeaders } from "./provider.ts";
import { isPaid, type PaymentState, type Verdict } from "./state.ts";
import type { StripeOptions } from "./stripe/stripe.ts";
import { type SweepCounts, sweepOrder, sweepPayments } from "./sweep.ts";
import { inTraces, type TracesOf, tracedPayment, tracedProvider } from "./traced.ts";
import { receiveWebhook, type WebhookAnswer } from "./webhook.ts";
import type { PayRequest } from "./wire.ts";

export type { Announcement } from "./facts.ts";
export { countHeldElsewhere } from "./figures.ts";
export type { Granted } from "./granted.ts";
export type { PaymentAttempt, PaymentHistory } from "./history.ts";
export { declarePaymentCounts, measurePayments } from "./metrics.ts";
export { type FailedAttempt, isFailedAttempt, isLoss, type News, type NewsKind } from "./news.ts";
export type { ListedCharge } from "./provider.ts";
export { createSimulator, type Simulator } from "./simulator/simulator.ts";
export { testCards } from "./simulator/test-cards.ts";
export type { Verdict } from "./state.ts";

export const paymentSchema = { schema: "payment", folder: new URL("./migrations/", import.meta.url) };

export type Payment = {
  /** A request to pay must have a card's number, or the provider's token. */
  readonly takes: Provider["takes"];
  /**
   * Opens the order's payment intent. Idempotent; no effect once the intent was closed. A later deadline than the known one
   * holds from here on, also after a last call: the order was extended.
   */
  open(order: OrderToPay): Promise<void>;
  /**
   * One attempt by the buyer. Its acceptance is not the result, which comes later. Opens the order's intent in the same
   * transaction.
   */
  pay(order: OrderToPay, request: PayRequest): Promise<PayAnswer>;
  /** `authorized` also once captured: the order is paid. `processing`: the provider was asked and is deciding. */
  verdict(orderId: string): Promise<Verdict>;
  /** The same for many orders; `open` ones are left out. */
  verdicts(orderIds: readonly string[]): Promise<Map<string, Exclude<Verdict, "open">>>;
  /**
   * As `verdict`, but no attempt begins from here on, so `open` is final; unless the order has a later deadline than
   * `payByMs`, which an order that is extended gets.
   */
  lastCall(orderId: string, payByMs: number): Promise<Verdict>;
  /** The latest attempt of each order that has one. */
  lastAttempts(orderIds: readonly string[]): Promise<Map<string, Attempt>>;
  /**
   * Captures the authorized amount, once, with the key `cap-<payment>`. Idempotent; captures nothing once the intent is
   * closed.
   * @throws unless the money is known to be captured: the caller repeats it, and so does the sweep.
   */
  capture(orderId: string): Promise<void>;
  /** Voids every authorization, present or future, and refunds captured money; once, and for good. Idempotent. */
  close(orderId: string): Promise<void>;
  /** @throws if the provider does not answer. */
  providerAnswers(): Promise<void>;
  receiveWebhook(provider: string, rawBody: Buffer, headers: WebhookHeaders): Promise<WebhookAnswer>;
  /** Called every second or so. */
  sweep(): Promise<SweepCounts>;
  /** The same for the payments of one order. */
  sweepOrder(orderId: string): Promise<void>;
  /**
   * Payments that the provider granted before the moment (milliseconds since 1970) and that are neither kept nor given
   * back yet: oldest first, starting after `after`, at most `limit`.
   */
  grantedSince(olderThanMs: number, after: Granted | undefined, limit: number): Promise<Granted[]>;
  /** Those of one order. */
  grantedOf(orderId: string): Promise<Granted[]>;
  /** News that orders do not have yet, oldest first, starting after `after`. */
  news(after: News | undefined, limit: number): Promise<News[]>;
  /** The order has the news. */
  told(news: News): Promise<void>;
  /** Payments for which a provider was asked and has not answered for good, by state. */
  unsettled(): Promise<UnsettledFigures[]>;
  /** All attempts to pay one order. */
  history(orderId: string): Promise<PaymentHistory>;
  /** For books that were restored: payments that the provider has and the books lack. */
  adoption: {
    /** Pages of these charges since the moment, milliseconds since 1970. */
    strange(sinceMs: number): AsyncIterable<ListedCharge[]>;
    /** Brings the payments that the books have up to the provider's list. */
    refresh(sinceMs: number): Promise<void>;
    adopt(order: OrderOfCharge, charge: ListedCharge): Promise<void>;
  };
  /** News that an operator must look at. */
  findings: Findings;
};

/** Loads Stripe's library, which a shop with another provider does not need. */
export async function openStripe(options: StripeOptions): Promise<Provider> {
  const { createStripe } = await import("./stripe/stripe.ts");
  return createStripe(options);
}

export type AnnouncementDetail = { paymentId: string; cardLast4: string; declineReason: string | null; at: Date };

export type PaymentOptions = {
  sql: Sql;
  provider: Provider;
  log: Log;
  now(): number;
  /** Absent: no payment is in a trace. */
  tracesOf?: TracesOf;
  /**
   * News for the order, sent after the commit. It may be lost; `verdict()`, `grantedSince()` and `news()` read the books.
   */
  onAnnouncement(orderId: string, announcement: Announcement, detail: AnnouncementDetail): Promise<void>;
};

export function createPayment({ tracesOf = async () => new Map(), ...options }: PaymentOptions): Payment {
  const within = inTraces(tracesOf);
  const payment = create({
    ...options,
    provider: tracedProvider(options.provider),
    onAnnouncement: (orderId, announcement, detail) =>
      within(`payment ${announcement}`, orderId, () => options.onAnnouncement(orderId, announcement, detail)),
  });
  return tracedPayment(payment, within);
}

function create({ sql, provider, log, now, onAnnouncement }: Omit<PaymentOptions, "tracesOf">): Payment {
  const changes = createChanges({ sql, now });
  const deps = { sql, changes, provider, log, now, announce };
  const reads = createBatcher<string, Verdict>({
    maxBatch: 1_000,
    maxWaiting: 100_000,
    async run(orderIds) {
      const known = await verdicts([...new Set(orderIds)]);
      return orderIds.map((orderId) => known.get(orderId) ?? "open");
    },
  });

  const toldFailures = createBatcher<{ paymentId: string; kind: FailedAttempt; happenedAt: Date }, void>({
    maxBatch: 1_000,
    maxWaiting: 100_000,
    async run(told) {
      await noteFailuresTold(sql, told, now());
      return told.map(() => undefined);
    },
  });

  async function announce(recorded: Recorded | undefined): Promise<void> {
    if (!recorded?.announcement) return;
    const { payment, announcement, at } = recorded;
    const { orderId, paymentId, cardLast4, declineReason } = payment;
    try {
      await onAnnouncement(orderId, announcement, { paymentId, cardLast4, declineReason, at });
      if (announcement === "authorized") return;
      await crashPoint("payment.failure-told");
      await toldFailures.add({ paymentId, kind: announcement, happenedAt: at });
    } catch (error) {
      log.warn("an order was not told of its payment", { orderId, paymentId, announcement }, error);
    }
  }

  async function verdicts(orderIds: readonly string[]) {
    // An order has at most one live payment.
    const live = await sql.query<{ orderId: string; state: PaymentState }>(
      `select order_id as "orderId", state from payment.payment
        where order_id = any($1::uuid[]) and state in ('requested', 'authorized', 'capturing', 'captured')`,
      [orderIds],
    );
    return new Map(live.map(({ orderId, state }) => [orderId, isPaid(state) ? "authorized" : "processing"] as const));
  }

  return {
    takes: provider.takes,

    open: (order) => open(changes, order),

    pay: (order, request) => attemptToPay(deps, order, request),

    verdict: (orderId) => reads.add(orderId),
    verdicts,
    lastCall: (orderId, payByMs) => lastCall(deps, orderId, payByMs),

    lastAttempts: (orderIds) => lastAttempts(sql, orderIds),

    capture: (orderId) => capture(deps, orderId),

    close: (orderId) => close(deps, orderId),

    providerAnswers: () => provider.check(),

    receiveWebhook: (providerName, rawBody, headers) => receiveWebhook(deps, providerName, rawBody, headers),

    sweep: () => sweepPayments(deps),
    sweepOrder: (orderId) => sweepOrder(deps, orderId),

    news: (after, limit) => untoldNews(sql, after, limit),
    told: (news) => noteTold(sql, news, now()),
    adoption: {
      strange: (sinceMs) => strangeCharges(deps, sinceMs),
      refresh: (sinceMs) => refreshCharges(deps, sinceMs),
      adopt: (order, charge) => adopt(deps, order, charge),
    },
    findings: createFindings({ sql, now }),
    unsettled: () => readUnsettled(sql, now()),
    history: (orderId) => readPaymentHistory(sql, orderId),

    grantedSince: (olderThanMs, after, limit) => grantedSince(sql, olderThanMs, after, limit),
    grantedOf: (orderId) => grantedOf(sql, orderId),
  };
}
