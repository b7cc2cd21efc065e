/**
 * Makes changes to payments by batch: calls that come while a batch is under way become one transaction, the next one. It
 * locks the intents of all its orders, reads their payments, decides each change by a pure function, and writes all that
 * has changed. Changes whose intents another session has locked wait apart. docs/adr/0055-payment-by-batch.md.
 */
import { hasWaitedForLock, mayBeOneRowsFault, type Sql, type Tx } from "#engines/sql";
import { createBatcher } from "#platform/batch";
import { crashPoint } from "#platform/crash-points";
import { type InboxEvent, noteEvents } from "./inbox.ts";
import { dropNews, type NewNews, writeNews } from "./news.ts";
import {
  type FirstIntent,
  type Intent,
  insertIntents,
  type Locked,
  lockPayments,
  type Payment,
  withIntent,
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
  const size = {
    maxBatch: mostChanges,
    maxWaiting: mostWaiting,
    mayBeOnesFault: (error: unknown) => error instanceof DecisionFailed || mayBeOneRowsFault(error),
  };
  const batches = createBatcher<Change<unknown>, unknown>({
    ...size,
    run: (changes) => makeFree(changes, (change) => waiting.add(change)),
  });
  // One transaction at a time, and not one for each: a process that is suspended may have locked hundreds.
  const waiting = createBatcher<Change<unknown>, unknown>({
    ...size,
    async run(changes) {
      try {
        return await makeAll(changes, "wait");
      } catch (error) {
        if (changes.length === 1 || !hasWaitedForLock(error)) throw error;
        return makeFree(changes, () => Promise.reject(error));
      }
    },
  });

  const makeAll = (changes: readonly Change<unknown>[], locked: Locked) =>
    sql.transaction((tx) => makeIn(tx, changes, now, locked));

  /** Those whose intents another session has locked are answered by `ofLocked`. */
  async function makeFree(
    changes: readonly Change<unknown>[],
    ofLocked: (change: Change<unknown>) => Promise<unknown>,
  ): Promise<unknown[]> {
    const locked = new Set<Change<unknown>>();
    for (;;) {
      const free = changes.filter((change) => !locked.has(change));
      try {
        const answers = free.length > 0 ? await makeAll(free, "leave out") : [];
        return changes.map((change) => (locked.has(change) ? ofLocked(change) : answers.shift()));
      } catch (error) {
        if (!(error instanceof LockedElsewhere)) throw error;
        // Rolled back, because their events must not be stored without them. Ends: there are fewer each time.
        for (const change of error.changes) locked.add(change);
      }
    }
  }

  return {
    make: <Answer>(change: Change<Answer>) => batches.add(change) as Promise<Answer>,
  };
}

async function makeIn(
  tx: Tx,
  changes: readonly Change<unknown>[],
  now: () => number,
  locked: Locked,
): Promise<unknown[]> {
  // Asked for together: one trip to PostgreSQL. A message that comes again does not wait for one that waits for its intent,
  // because events are stored behind the locks.
  const [, { books, orderOf }, repeated] = await Promise.all([
    insertFirst(tx, changes, now()),
    readLocked(tx, changes, locked),
    noteAll(tx, changes, now()),
  ]);
  const orderIdOf = ({ of }: Change<unknown>) =>
    "orderId" in of ? lower(of.orderId) : orderOf.get(lower(of.paymentId));
  if (locked === "leave out") await refuseLocked(tx, changes, orderIdOf, books);
  const nowMs = now();
  const after = new Map(books);
  const answers = changes.map((change) => {
    const { decide, event } = change;
    const before = after.get(orderIdOf(change) ?? "");
    const isRepeated = event !== undefined && repeated(event);
    const decided = decidedBy(() => decide(before, { nowMs, isRepeated }));
    if (decided.books) after.set(decided.books.intent.orderId, decided.books);
    return decided.answer;
  });
  writeChanged(tx, books, after, nowMs);
  return answers;
}

/** In the order of their keys, as all that locks here, so that batches wait for each other in one direction only. */
async function insertFirst(tx: Tx, changes: readonly Change<unknown>[], nowMs: number): Promise<void> {
  const first = new Map<string, FirstIntent>();
  for (const { of, firstIntent } of changes) {
    if (!firstIntent || !("orderId" in of) || first.has(lower(of.orderId))) continue;
    first.set(lower(of.orderId), { orderId: lower(of.orderId), ...firstIntent });
  }
  await insertIntents(tx, [...first.values()].toSorted(byOrder), nowMs);
}

async function noteAll(tx: Tx, changes: readonly Change<unknown>[], nowMs: number) {
  const events = changes.flatMap(({ event }) => (event ? [event] : []));
  const fresh = await noteEvents(tx, events, nowMs);
  if (fresh.size > 0) await crashPoint("payment.webhook-noted");
  // The first of a batch is fresh, and its copies in the same batch are repetitions.
  return ({ eventId }: InboxEvent) => !fresh.delete(eventId);
}

async function readLocked(tx: Tx, changes: readonly Change<unknown>[], locked: Locked) {
  const orderIds = changes.flatMap(({ of }) => ("orderId" in of ? [lower(of.orderId)] : []));
  const paymentIds = changes.flatMap(({ of }) => ("paymentId" in of ? [lower(of.paymentId)] : []));
  const { intents, payments } = await lockPayments(tx, [...new Set(orderIds)], [...new Set(paymentIds)], locked);
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

/** @throws LockedElsewhere if an order was left out, and not for the want of an intent. */
async function refuseLocked(
  tx: Tx,
  changes: readonly Change<unknown>[],
  orderIdOf: (change: Change<unknown>) => string | undefined,
  books: ReadonlyMap<string, OrderBooks>,
): Promise<void> {
  const missing = changes.flatMap((change) => orderIdOf(change) ?? []).filter((orderId) => !books.has(orderId));
  if (missing.length === 0) return;
  const locked = new Set(await withIntent(tx, missing));
  if (locked.size > 0) throw new LockedElsewhere(changes.filter((change) => locked.has(orderIdOf(change) ?? "")));
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

/** Thrown to roll a batch back. */
class LockedElsewhere extends Error {
  readonly changes: readonly Change<unknown>[];
  constructor(changes: readonly Change<unknown>[]) {
    super("another session has locked the intents of payments");
    this.changes = changes;
  }
}

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
