/**
 * Makes changes to payments by batch: calls that come while a batch is under way become one transaction, the next one. It
 * locks the intents of all its orders, reads their payments, decides each change by a pure function, and writes all that
 * has changed. docs/adr/0055-payment-by-batch.md.
 */
import { mayBeOneRowsFault, type Sql, type Tx } from "#engines/sql";
import { createBatcher } from "#platform/batch";
import { crashPoint } from "#platform/crash-points";
import { type InboxEvent, noteEvents } from "./inbox.ts";
import { dropNews, type NewNews, writeNews } from "./news.ts";
import {
  type FirstIntent,
  type Intent,
  insertIntents,
  lockPayments,
  type Payment,
  writeIntents,
  writePayments,
} from "./payment-rows.ts";

/** The rows of one order in the books, and those that a decision adds. */
export type OrderBooks = {
  intent: Intent;
  /** In the order of their attempts. */
  payments: readonly Payment[];
  /** To be written. */
  news: readonly NewNews[];
  /** To be deleted. */
  droppedNews: readonly number[];
};

export type Moment = {
  nowMs: number;
  /** The change's event came before. */
  isRepeated: boolean;
};

export type Decided<Answer> = {
  answer: Answer;
  /** Absent if nothing changes. */
  books?: OrderBooks;
};

export type Change<Answer> = {
  /** The order, or a payment of it. */
  of: { orderId: string } | { paymentId: string };
  /** Written first if the order has no intent. */
  firstIntent?: Omit<FirstIntent, "orderId">;
  /** Stored in the same transaction: either it counts, once, or its sender repeats it. */
  event?: InboxEvent;
  /** Pure. Without books if there is no such order or payment. */
  decide(books: OrderBooks | undefined, moment: Moment): Decided<Answer>;
};

export type Changes = {
  /** Resolves with the answer once the change is committed. @throws what the change's own decision or data threw. */
  make<Answer>(change: Change<Answer>): Promise<Answer>;
};

const mostChanges = 256;
const mostWaiting = 20_000;

export function createChanges({ sql, now }: { sql: Sql; now(): number }): Changes {
  const batches = createBatcher<Change<unknown>, unknown>({
    maxBatch: mostChanges,
    maxWaiting: mostWaiting,
    run: (changes) => sql.transaction((tx) => makeIn(tx, changes, now)),
    mayBeOnesFault: (error) => error instanceof DecisionFailed || mayBeOneRowsFault(error),
  });
  return {
    make: <Answer>(change: Change<Answer>) => batches.add(change) as Promise<Answer>,
  };
}

async function makeIn(tx: Tx, changes: readonly Change<unknown>[], now: () => number): Promise<unknown[]> {
  // Asked for together: one trip to PostgreSQL.
  const [repeated, { books, orderOf }] = await Promise.all([noteFirst(tx, changes, now()), readLocked(tx, changes)]);
  const nowMs = now();
  const after = new Map(books);
  const answers = changes.map(({ of, decide, event }) => {
    const orderId = "orderId" in of ? lower(of.orderId) : orderOf.get(lower(of.paymentId));
    const before = orderId === undefined ? undefined : after.get(orderId);
    const isRepeated = event !== undefined && repeated(event);
    const decided = decidedBy(() => decide(before, { nowMs, isRepeated }));
    if (decided.books) after.set(decided.books.intent.orderId, decided.books);
    return decided.answer;
  });
  writeChanged(tx, books, after, nowMs);
  return answers;
}

/** In the order of their keys, as all that locks here, so that batches wait for each other in one direction only. */
async function noteFirst(tx: Tx, changes: readonly Change<unknown>[], nowMs: number) {
  const events = changes.flatMap(({ event }) => (event ? [event] : []));
  const first = new Map<string, FirstIntent>();
  for (const { of, firstIntent } of changes) {
    if (!firstIntent || !("orderId" in of) || first.has(lower(of.orderId))) continue;
    first.set(lower(of.orderId), { orderId: lower(of.orderId), ...firstIntent });
  }
  const [fresh] = await Promise.all([
    noteEvents(tx, events, nowMs),
    insertIntents(tx, [...first.values()].toSorted(byOrder), nowMs),
  ]);
  if (fresh.size > 0) await crashPoint("payment.webhook-noted");
  // The first of a batch is fresh, and its copies in the same batch are repetitions.
  return ({ eventId }: InboxEvent) => !fresh.delete(eventId);
}

async function readLocked(tx: Tx, changes: readonly Change<unknown>[]) {
  const orderIds = changes.flatMap(({ of }) => ("orderId" in of ? [lower(of.orderId)] : []));
  const paymentIds = changes.flatMap(({ of }) => ("paymentId" in of ? [lower(of.paymentId)] : []));
  const { intents, payments } = await lockPayments(tx, [...new Set(orderIds)], [...new Set(paymentIds)]);
  const paymentsBy = Map.groupBy(payments, ({ orderId }) => orderId);
  const books = intents.map((intent): [string, OrderBooks] => [
    intent.orderId,
    { intent, payments: paymentsBy.get(intent.orderId) ?? [], news: [], droppedNews: [] },
  ]);
  return {
    books: new Map(books),
    orderOf: new Map(payments.map(({ paymentId, orderId }) => [paymentId, orderId])),
  };
}

/** A decision returns what it did not change as it was, so the others are what is to be written. */
function writeChanged(
  tx: Tx,
  before: ReadonlyMap<string, OrderBooks>,
  after: ReadonlyMap<string, OrderBooks>,
  nowMs: number,
): void {
  const changed = [...after.values()].filter((books) => books !== before.get(books.intent.orderId));
  const intents = changed.flatMap(({ intent }) => (intent === before.get(intent.orderId)?.intent ? [] : [intent]));
  const payments = changed.flatMap((books) => {
    const known = new Set(before.get(books.intent.orderId)?.payments);
    return books.payments.filter((payment) => !known.has(payment));
  });
  const news = changed.flatMap(({ news }) => news);
  const droppedNews = changed.flatMap(({ droppedNews }) => droppedNews);
  writeIntents(tx, intents, nowMs);
  writePayments(tx, payments, nowMs);
  writeNews(tx, news, nowMs);
  dropNews(tx, droppedNews);
}

/** Thrown for a change whose decision threw. */
class DecisionFailed extends Error {}

function decidedBy(decide: () => Decided<unknown>): Decided<unknown> {
  try {
    return decide();
  } catch (error) {
    throw new DecisionFailed("a payment could not be decided", { cause: error });
  }
}

function byOrder(a: FirstIntent, b: FirstIntent): number {
  return a.orderId < b.orderId ? -1 : 1;
}

/** As PostgreSQL returns a uuid. */
function lower(id: string): string {
  return id.toLowerCase();
}
