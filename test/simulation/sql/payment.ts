/** Answers the statements of src/payment from tables in memory, each by a twin. */
import type { Payment } from "../../../src/payment/payment-rows.ts";
import type { Planted } from "../planted.ts";
import { isAfter, unique } from "./inventory.ts";
import { type Twins, unnest } from "./statements.ts";
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
export type PaymentRow = Omit<Payment, "kept"> & {
  grantedAt: Date | null;
  keptAt: Date | null;
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

export function paymentTwins(t: PaymentTables, planted?: Planted): Twins {
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

  /** Whether the same message once more is news again. */
  function comesAgain({ kind, closedAt }: NewsRow, disputes: readonly NewsRow[]): boolean {
    if (kind === "dispute_won") return disputes.some((row) => row.kind === "disputed" && row.closedAt === null);
    if (kind === "voided_outside") return planted !== "void-heard-once";
    if (kind === "declined" || kind === "returned") return true;
    return ["disputed", "not_understood"].includes(kind) && closedAt !== null;
  }

  function ordersOf(tx: Transaction, orderIds: readonly string[], paymentIds: readonly string[]): string[] {
    return [...orderIds, ...paymentIds.flatMap((id) => t.payment.get(tx, id)?.orderId ?? [])];
  }

  function write(tx: Transaction, row: PaymentRow): void {
    t.payment.put(tx, row.paymentId, row);
    const ofOrder = t.payment.all(tx).filter(({ orderId, state }) => orderId === row.orderId && live.includes(state));
    if (ofOrder.length > 1) unique("one_live_payment_an_order");
  }

  return {
    "from payment.intent where order_id = any": (tx, [orderIds, paymentIds]) => {
      const asked = ordersOf(tx, orderIds as string[], paymentIds as string[]);
      return [...new Set(asked)].toSorted().flatMap((orderId) => shown(t.intent.lock(tx, orderId)));
    },
    "order by order_id for update skip locked": (tx, [orderIds, paymentIds]) => {
      const asked = ordersOf(tx, orderIds as string[], paymentIds as string[]);
      const free = [...new Set(asked)].toSorted().filter((orderId) => !t.intent.isLockedByOther(tx, orderId));
      return free.flatMap((orderId) => shown(t.intent.lock(tx, orderId)));
    },
    'select order_id as "orderId" from payment.intent where order_id = any': (tx, [orderIds]) =>
      (orderIds as string[]).flatMap((orderId) => t.intent.get(tx, orderId) ?? []),
    "select from payment.intent where order_id = $1 and": (tx, [orderId, before, longBefore]) => {
      const row = t.intent.get(tx, orderId as string);
      if (!row) return [];
      const isLate = row.payBy !== null && row.payBy < ((row.lastCallAt ? before : longBefore) as Date);
      return row.closedAt !== null || isLate ? [{}] : [];
    },
    "insert into payment.intent": (tx, [orderIds, userIds, amounts, currencies, payBys, closed, at]) => {
      const rows = unnest(
        orderIds as string[],
        userIds as (string | null)[],
        amounts as (number | null)[],
        currencies as (string | null)[],
        payBys as (Date | null)[],
        closed as boolean[],
      );
      for (const [orderId, userId, amountMinor, currency, payBy, isClosed] of rows) {
        // Waits for a row that is being written, as a unique key does.
        if (t.intent.conflict(tx, orderId)) continue;
        const times = { openedAt: isClosed ? null : (at as Date), closedAt: isClosed ? (at as Date) : null };
        t.intent.put(tx, orderId, { orderId, userId, amountMinor, currency, payBy, ...times, lastCallAt: null });
      }
      return [];
    },
    "update payment.intent set closed_at": (tx, [orderIds, closed, lastCalls, payBys, at]) => {
      const now = at as Date;
      const rows = unnest(orderIds as string[], closed as boolean[], lastCalls as boolean[], payBys as (Date | null)[]);
      for (const [orderId, isClosed, isLast, payBy] of rows) {
        const row = t.intent.lock(tx, orderId);
        if (!row) continue;
        const closedAt = isClosed ? (row.closedAt ?? now) : row.closedAt;
        t.intent.put(tx, orderId, { ...row, closedAt, lastCallAt: isLast ? (row.lastCallAt ?? now) : null, payBy });
      }
      return [];
    },
    "from payment.payment where order_id = any($1::uuid[] ||": (tx, [orderIds, paymentIds]) => {
      const asked = new Set(ordersOf(tx, orderIds as string[], paymentIds as string[]));
      return t.payment
        .all(tx)
        .filter(({ orderId }) => asked.has(orderId))
        .toSorted((a, b) => (a.orderId === b.orderId ? a.attempt - b.attempt : a.orderId < b.orderId ? -1 : 1))
        .map((row) => ({ ...row, kept: row.keptAt !== null }));
    },
    "insert into payment.payment": (tx, values) => {
      const at = values[14] as Date;
      const columns = values.slice(0, 14) as unknown[][];
      (columns[0] ?? []).forEach((_, i) => {
        const [paymentId, orderId, attempt, state, amountMinor, currency, provider, ...rest] = columns.map((c) => c[i]);
        const [providerRef, declineReason, cardLast4, requestedAt, nextTryAt, givenBackMinor, kept] = rest;
        const said = { state, providerRef, declineReason, nextTryAt, givenBackMinor, tries: 0, lastError: null };
        const grantedAt = state === "authorized" || state === "captured" ? at : null;
        const keptAt = kept ? at : null;
        const row = t.payment.conflict(tx, paymentId as string) && t.payment.lock(tx, paymentId as string);
        if (row) {
          const times = { grantedAt: row.grantedAt ?? grantedAt, keptAt: row.keptAt ?? keptAt };
          write(tx, { ...row, ...said, ...times } as PaymentRow);
          return;
        }
        const given = { paymentId, orderId, attempt, amountMinor, currency, provider, cardLast4, requestedAt };
        write(tx, { ...given, ...said, grantedAt, keptAt } as PaymentRow);
      });
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
        .filter((row) => unsettled.includes(row.state))
        .filter(({ nextTryAt }) => nextTryAt.getTime() <= nowMs || nextTryAt.getTime() > nowMs + 120_000)
        .filter((row) => !t.payment.isLockedByOther(tx, row.paymentId))
        .toSorted((a, b) => a.nextTryAt.getTime() - b.nextTryAt.getTime())
        .slice(0, limit as number);
      return due.map((row) => {
        const nextTryAt = new Date(nowMs + Math.min(60, 2 ** row.tries) * 1_000);
        const next = { ...row, tries: row.tries + 1, nextTryAt };
        t.payment.put(tx, row.paymentId, next);
        return { ...next, kept: next.keptAt !== null };
      });
    },
    "from payment.payment where order_id = any($1::uuid[]) and state in": (tx, [orderIds]) =>
      t.payment
        .all(tx)
        .filter((row) => (orderIds as string[]).includes(row.orderId) && live.includes(row.state))
        .map(({ orderId, state }) => ({ orderId, state })),
    "and kept_at is null and order_id = $1": (tx, [orderId]) =>
      t.payment
        .all(tx)
        .filter((row) => isUnkept(row) && row.orderId === orderId)
        .map(({ orderId, paymentId, grantedAt }) => ({ orderId, paymentId, grantedAt })),
    "and kept_at is null and granted_at < $1": (tx, [before, after, id, limit]) =>
      t.payment
        .all(tx)
        .filter((row) => isUnkept(row) && row.grantedAt !== null && row.grantedAt < (before as Date))
        .map((row) => ({ ...row, at: row.grantedAt?.getTime() ?? 0 }))
        .filter(({ at, paymentId }) => isAfter(at, paymentId, (after as Date).getTime(), id as string))
        .toSorted((a, b) => (isAfter(a.at, a.paymentId, b.at, b.paymentId) ? 1 : -1))
        .slice(0, limit as number)
        .map(({ orderId, paymentId, grantedAt }) => ({ orderId, paymentId, grantedAt })),
    "insert into payment.news": (tx, [paymentIds, orderIds, kinds, amounts, needs, at]) => {
      const rows = unnest(
        paymentIds as string[],
        orderIds as string[],
        kinds as string[],
        amounts as number[],
        needs as boolean[],
      );
      const sorted = rows.toSorted((a, b) => (`${a[0]} ${a[2]}` < `${b[0]} ${b[2]}` ? -1 : 1));
      for (const [paymentId, orderId, kind, givenBackMinor, needsPerson] of sorted) {
        lastNews += 1;
        const disputes = t.news.all(tx).filter((row) => row.paymentId === paymentId && /^dispute/.test(row.kind));
        const isOver =
          kind === "disputed" && disputes.length > 0 && disputes.every((row) => row.kind === "dispute_won");
        const closedAt = isOver ? (at as Date) : null;
        const rest = { newsId: lastNews, happenedAt: at as Date, toldAt: null, closedAt };
        const row: NewsRow = { paymentId, orderId, kind, givenBackMinor, needsPerson, ...rest };
        const key = t.news.keyOf(row);
        const standing = t.news.conflict(tx, key) && t.news.lock(tx, key);
        if (!standing) t.news.put(tx, key, row);
        else if (comesAgain(standing, disputes)) {
          t.news.put(tx, key, { ...standing, happenedAt: at as Date, toldAt: null, closedAt: null });
        }
      }
      return [];
    },
    "closed_by = 'provider'": (tx, [paymentIds, at]) => {
      for (const one of t.news.all(tx)) {
        if (!(paymentIds as string[]).includes(one.paymentId) || one.kind !== "disputed") continue;
        const row = t.news.lock(tx, t.news.keyOf(one));
        if (row?.closedAt === null) t.news.put(tx, t.news.keyOf(row), { ...row, closedAt: at as Date });
      }
      return [];
    },
    "told_at is null and not (kind = 'voided_outside' and state = 'captured')": (tx, [limit, after]) =>
      untold(tx, limit, false, after as number).map((row) => {
        const { declineReason = null } = t.payment.get(tx, row.paymentId) ?? {};
        const earlier = t.news
          .all(tx)
          .filter((one) => one.paymentId === row.paymentId && one.kind === "partly_refunded")
          .map(({ givenBackMinor }) => givenBackMinor)
          .filter((sum) => sum < row.givenBackMinor);
        return { ...row, declineReason, partMinor: row.givenBackMinor - Math.max(0, ...earlier) };
      }),
    "told_at is null and kind = 'voided_outside' and state = 'captured'": (tx, [limit, after]) =>
      untold(tx, limit, true, after as number).map((row) => {
        const { providerRef = null, amountMinor, currency } = t.payment.get(tx, row.paymentId) ?? {};
        return { ...row, providerRef, amountMinor, currency };
      }),
    "delete from payment.news where news_id": (tx, [newsIds]) => {
      for (const row of t.news.all(tx)) {
        if ((newsIds as number[]).includes(row.newsId)) t.news.put(tx, t.news.keyOf(row), undefined);
      }
      return [];
    },
    "as told (payment_id, kind, happened_at)": (tx, [paymentIds, kinds, times, at]) => {
      for (const [paymentId, kind, happenedAt] of unnest(paymentIds as string[], kinds as string[], times as Date[])) {
        for (const one of t.news.all(tx)) {
          if (one.paymentId !== paymentId || one.kind !== kind) continue;
          const row = t.news.lock(tx, t.news.keyOf(one));
          if (row?.toldAt !== null || row.happenedAt.getTime() !== happenedAt.getTime()) continue;
          t.news.put(tx, t.news.keyOf(row), { ...row, toldAt: at as Date });
        }
      }
      return [];
    },
    "set told_at = $2 where news_id": (tx, [newsId, at, happenedAt]) => {
      const one = t.news.all(tx).find((row) => row.newsId === newsId);
      const row = one && t.news.lock(tx, t.news.keyOf(one));
      if (row?.toldAt !== null || row.happenedAt.getTime() !== (happenedAt as Date).getTime()) return [];
      t.news.put(tx, t.news.keyOf(row), { ...row, toldAt: at as Date });
      return [];
    },
    "insert into payment.webhook_inbox": (tx, [providers, eventIds]) =>
      unnest(providers as string[], eventIds as string[]).flatMap(([provider, eventId]) => {
        const key = `${provider} ${eventId}`;
        if (t.inbox.conflict(tx, key)) return [];
        t.inbox.put(tx, key, { provider, eventId });
        return [{ eventId }];
      }),
  };
}
