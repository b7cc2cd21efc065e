/** Answers the statements of src/payment from tables in memory, each by a twin. */
import type { Payment } from "../../../src/payment/payment-rows.ts";
import { isAfter, unique } from "./inventory.ts";
import type { Twins } from "./statements.ts";
import { createTable, type Transaction } from "./tables.ts";

type Intent = {
  orderId: string;
  userId: string | null;
  amountMinor: number | null;
  currency: string | null;
  payBy: Date | null;
  openedAt: Date | null;
  closedAt: Date | null;
  lastCallAt: Date | null;
};
export type PaymentRow = Payment & {
  grantedAt: Date | null;
  keptAt: Date | null;
  nextTryAtMs: number;
  lastError: string | null;
};
export type NewsRow = {
  newsId: number;
  paymentId: string;
  orderId: string;
  kind: string;
  givenBackMinor: number;
  happenedAt: Date;
  toldAt: Date | null;
  needsPerson: boolean;
  closedAt: Date | null;
};
export type PaymentTables = ReturnType<typeof createPaymentTables>;

export function createPaymentTables() {
  return {
    intent: createTable<Intent>(({ orderId }) => orderId),
    payment: createTable<PaymentRow>(({ paymentId }) => paymentId),
    news: createTable<NewsRow>(({ paymentId, kind, givenBackMinor }) => `${paymentId} ${kind} ${givenBackMinor}`),
    inbox: createTable<{ provider: string; eventId: string }>(({ provider, eventId }) => `${provider} ${eventId}`),
  };
}

const live = ["requested", "authorized", "capturing", "captured"];
const unsettled = ["requested", "capturing", "voiding", "refunding"];

function isUnkept({ state, keptAt }: PaymentRow): boolean {
  return (state === "authorized" || state === "captured") && keptAt === null;
}

export function paymentTwins(t: PaymentTables): Twins {
  let lastNews = 0;
  const shown = (intent: Intent | undefined) =>
    intent ? [{ ...intent, closed: intent.closedAt !== null, lastCall: intent.lastCallAt !== null }] : [];

  /** Whether the provider must still be asked about a payment that was reported void. */
  function isInDoubt(tx: Transaction, { kind, paymentId }: NewsRow): boolean {
    return kind === "voided_outside" && t.payment.get(tx, paymentId)?.state === "captured";
  }

  function untold(tx: Transaction, limit: unknown, inDoubt: boolean, after = 0): NewsRow[] {
    return t.news
      .all(tx)
      .filter((row) => row.toldAt === null && row.newsId > after && isInDoubt(tx, row) === inDoubt)
      .toSorted((a, b) => a.newsId - b.newsId)
      .slice(0, limit as number);
  }

  function write(tx: Transaction, row: PaymentRow): void {
    t.payment.put(tx, row.paymentId, row);
    const ofOrder = t.payment.all(tx).filter(({ orderId, state }) => orderId === row.orderId && live.includes(state));
    if (ofOrder.length > 1) unique("one_live_payment_an_order");
  }

  return {
    "from payment.intent where order_id = $1 for update": (tx, [orderId]) =>
      shown(t.intent.lock(tx, orderId as string)),
    "where order_id = (select order_id from payment.payment where payment_id = $1) for update": (tx, [paymentId]) => {
      const payment = t.payment.get(tx, paymentId as string);
      return payment ? shown(t.intent.lock(tx, payment.orderId)) : [];
    },
    "insert into payment.intent (order_id, closed_at)": (tx, [orderId, closedAt]) => {
      const standing = t.intent.lock(tx, orderId as string);
      const nothing = { userId: null, amountMinor: null, currency: null, payBy: null, openedAt: null, closedAt: null };
      const row: Intent = standing ?? { orderId: orderId as string, ...nothing, lastCallAt: null };
      t.intent.put(tx, row.orderId, { ...row, closedAt: row.closedAt ?? (closedAt as Date) });
      return [];
    },
    "insert into payment.intent (order_id, user_id": (
      tx,
      [orderId, userId, amountMinor, currency, payBy, openedAt],
    ) => {
      const row = {
        orderId,
        userId,
        amountMinor,
        currency,
        payBy,
        openedAt,
        closedAt: null,
        lastCallAt: null,
      } as Intent;
      // Waits for a row that is being written, as a unique key does, and changes at most its deadline.
      if (!t.intent.conflict(tx, row.orderId)) {
        t.intent.put(tx, row.orderId, row);
        return [];
      }
      const standing = t.intent.lock(tx, row.orderId);
      const isLater = standing?.payBy && row.payBy && standing.payBy < row.payBy;
      if (standing && isLater && !standing.closedAt) {
        t.intent.put(tx, row.orderId, { ...standing, payBy: row.payBy, lastCallAt: null });
      }
      return [];
    },
    "update payment.intent set last_call_at": (tx, [orderId, at]) => {
      const row = t.intent.lock(tx, orderId as string);
      if (row) t.intent.put(tx, row.orderId, { ...row, lastCallAt: row.lastCallAt ?? (at as Date) });
      return [];
    },
    "from payment.payment where order_id = $1 order by attempt": (tx, [orderId]) =>
      t.payment
        .all(tx)
        .filter((row) => row.orderId === orderId)
        .toSorted((a, b) => a.attempt - b.attempt)
        .map((row) => ({ ...row, kept: row.keptAt !== null })),
    "insert into payment.payment": (tx, values) => {
      const [paymentId, orderId, attempt, state, amountMinor, currency, provider, cardLast4, requestedAt, nextTry] =
        values;
      const given = { paymentId, orderId, attempt, state, amountMinor, currency, provider, cardLast4, requestedAt };
      const rest = {
        providerRef: null,
        declineReason: null,
        tries: 0,
        grantedAt: null,
        keptAt: null,
        lastError: null,
        givenBackMinor: 0,
        kept: false,
      };
      write(tx, { ...given, ...rest, nextTryAtMs: (nextTry as Date).getTime() } as PaymentRow);
      return [];
    },
    "update payment.payment set state = $2": (tx, values) => {
      const [paymentId, state, providerRef, declineReason, at, nextTry, givenBackMinor] = values;
      const row = t.payment.lock(tx, paymentId as string);
      if (!row) return [];
      const isGranted = state === "authorized" || state === "captured";
      const grantedAt = isGranted ? (row.grantedAt ?? (at as Date)) : row.grantedAt;
      const nextTryAtMs = (nextTry as Date).getTime();
      const set = {
        state,
        providerRef,
        declineReason,
        grantedAt,
        nextTryAtMs,
        tries: 0,
        lastError: null,
        givenBackMinor,
      };
      write(tx, { ...row, ...set } as PaymentRow);
      return [];
    },
    "update payment.payment set provider_ref = $2": (tx, [paymentId, providerRef]) => {
      const row = t.payment.lock(tx, paymentId as string);
      if (row && row.providerRef === null)
        t.payment.put(tx, row.paymentId, { ...row, providerRef: providerRef as string });
      return [];
    },
    "update payment.payment set last_error": (tx, [paymentId, state, lastError]) => {
      const row = t.payment.lock(tx, paymentId as string);
      if (row && row.state === state) t.payment.put(tx, row.paymentId, { ...row, lastError: lastError as string });
      return [];
    },
    "set tries = tries + 1": (tx, [at, limit]) => {
      const nowMs = (at as Date).getTime();
      const due = t.payment
        .all(tx)
        .filter((row) => unsettled.includes(row.state) && row.nextTryAtMs <= nowMs)
        .filter((row) => !t.payment.isLockedByOther(tx, row.paymentId))
        .toSorted((a, b) => a.nextTryAtMs - b.nextTryAtMs)
        .slice(0, limit as number);
      return due.map((row) => {
        const next = { ...row, tries: row.tries + 1, nextTryAtMs: nowMs + Math.min(60, 2 ** row.tries) * 1_000 };
        t.payment.put(tx, row.paymentId, next);
        return { ...next, kept: next.keptAt !== null };
      });
    },
    "from payment.payment where order_id = any($1::uuid[]) and state in": (tx, [orderIds]) =>
      t.payment
        .all(tx)
        .filter((row) => (orderIds as string[]).includes(row.orderId) && live.includes(row.state))
        .map(({ orderId, state }) => ({ orderId, state })),
    "update payment.payment set kept_at = $2": (tx, [orderId, at]) => {
      for (const { paymentId, orderId: of } of t.payment.all(tx)) {
        const row = of === orderId ? t.payment.lock(tx, paymentId) : undefined;
        if (row && isUnkept(row)) t.payment.put(tx, paymentId, { ...row, keptAt: at as Date });
      }
      return [];
    },
    "and kept_at is null and granted_at < $1": (tx, [before, after, id, limit]) =>
      t.payment
        .all(tx)
        .filter((row) => isUnkept(row) && row.grantedAt !== null && row.grantedAt < (before as Date))
        .map((row) => ({ ...row, at: row.grantedAt?.getTime() ?? 0 }))
        .filter(({ at, paymentId }) => isAfter(at, paymentId, (after as Date).getTime(), id as string))
        .toSorted((a, b) => (isAfter(a.at, a.paymentId, b.at, b.paymentId) ? 1 : -1))
        .slice(0, limit as number)
        .map(({ orderId, paymentId, grantedAt }) => ({ orderId, paymentId, grantedAt })),
    "insert into payment.news": (tx, [paymentId, orderId, kind, givenBackMinor, happenedAt, needsPerson]) => {
      lastNews += 1;
      const rest = { newsId: lastNews, toldAt: null, closedAt: null };
      const row = { paymentId, orderId, kind, givenBackMinor, happenedAt, needsPerson, ...rest } as NewsRow;
      if (!t.news.conflict(tx, t.news.keyOf(row))) t.news.put(tx, t.news.keyOf(row), row);
      return [];
    },
    "closed_by = 'provider'": (tx, [paymentId, at]) => {
      for (const one of t.news.all(tx)) {
        if (one.paymentId !== paymentId || one.kind !== "disputed") continue;
        const row = t.news.lock(tx, t.news.keyOf(one));
        if (row?.closedAt === null) t.news.put(tx, t.news.keyOf(row), { ...row, closedAt: at as Date });
      }
      return [];
    },
    "told_at is null and not (kind = 'voided_outside' and state = 'captured')": (tx, [limit, after]) =>
      untold(tx, limit, false, after as number),
    "told_at is null and kind = 'voided_outside' and state = 'captured'": (tx, [limit]) =>
      untold(tx, limit, true).map((row) => ({
        ...row,
        providerRef: t.payment.get(tx, row.paymentId)?.providerRef ?? null,
      })),
    "delete from payment.news where news_id": (tx, [newsId]) => {
      const one = t.news.all(tx).find((row) => row.newsId === newsId);
      if (one) t.news.put(tx, t.news.keyOf(one), undefined);
      return [];
    },

    "update payment.news set told_at": (tx, [newsId, at]) => {
      const one = t.news.all(tx).find((row) => row.newsId === newsId);
      const row = one && t.news.lock(tx, t.news.keyOf(one));
      if (row?.toldAt === null) t.news.put(tx, t.news.keyOf(row), { ...row, toldAt: at as Date });
      return [];
    },
    "insert into payment.webhook_inbox": (tx, [provider, eventId]) => {
      const key = `${provider} ${eventId}`;
      const standing = t.inbox.conflict(tx, key);
      if (standing) return [];
      t.inbox.put(tx, key, { provider: provider as string, eventId: eventId as string });
      return [{ event_id: eventId as string }];
    },
  };
}
