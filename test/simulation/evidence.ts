/** The evidence of a schedule, as the laws read it. A part is built again only if something in it has changed. */
import { isLatched } from "../../src/inventory/gate/sale.ts";
import { isUndecided, isWhole } from "../../src/inventory/gate/state.ts";
import type { Evidence, Free, GateReading, OrderRow, Sighting, Unfinished } from "../laws/evidence.ts";
import { createLineOnlooker } from "./line-evidence.ts";
import type { People } from "./people.ts";
import type { OrderRow as Row } from "./sql/orders.ts";
import type { World } from "./world.ts";

export type Onlooker = {
  /** After a step during the faults. */
  inMotion(): Evidence;
  /** After everything should have ended: includes the evidence that is valid only then. */
  atRest(): Evidence;
};

const mostUnitsAnOrder = 2;

export function createOnlooker(world: World, people: People): Onlooker {
  const { books, gate, bank, log, timeline } = world;
  const t = books.tables;

  const orders = remembered(t.orders.committed, (rows) => rows.map(orderOf));
  const queued = remembered(t.queue.committed, (rows) => rows);
  const limits = remembered(t.offer.committed, (rows) => {
    const known = rows.flatMap(({ productId, limitPerCustomer: limit }) =>
      limit ? [[productId, limit] as const] : [],
    );
    return new Map(known);
  });
  const readings = remembered(
    () => gate.changes,
    () => (gate.alive ? [...gate.state].flatMap(([id, product]) => readingOf(id, product)) : []),
  );
  const statement = remembered(
    () => bank.movements.length,
    () => [...bank.movements],
  );
  const wishes = remembered(
    () => people.heard,
    () => [...people.wishes],
  );
  const cancelled = remembered(
    () => people.cancelled.size,
    () => new Set(people.cancelled),
  );
  const extended = remembered(
    () => people.extended.size,
    () => new Map(people.extended),
  );
  const taken = remembered(
    () => gate.taken.length,
    () => [...gate.taken],
  );
  const free = remembered(
    () => people.heard,
    () => [
      ...intervals,
      ...[...freeSince].map(([id, fromMs]) => ({ productId: id, fromMs, toMs: timeline.now() + 1 })),
    ],
  );
  const samples = remembered(
    () => people.samples.length,
    () => [...people.samples],
  );

  const lines = createLineOnlooker(world, people);

  function isForTheList(productId: string): boolean {
    const { sale = null, latchedIn = null } = gate.state.get(productId) ?? {};
    return isLatched(sale, latchedIn);
  }

  const intervals: Free[] = [];
  const freeSince = new Map<string, number>();

  function noteFree(gateIsLeft: boolean): void {
    const isFree = ({ productId, isOpen, sellable }: GateReading) =>
      isOpen && sellable >= mostUnitsAnOrder && !gateIsLeft && !isForTheList(productId);
    const nowFree = new Set(readings().flatMap((one) => (isFree(one) ? [one.productId] : [])));
    for (const [productId, fromMs] of freeSince) {
      if (nowFree.has(productId)) continue;
      intervals.push({ productId, fromMs, toMs: timeline.now() });
      freeSince.delete(productId);
    }
    for (const productId of nowFree) if (!freeSince.has(productId)) freeSince.set(productId, timeline.now());
  }

  const last = new Map<string, string>();
  const seen: Sighting[] = [];
  /** Every state in which a transaction left an order, by the world's time and not a process's. */
  const history = remembered(orders, (rows) => {
    for (const { orderId, status, reason } of rows) {
      const state = `${status} ${reason}`;
      if (last.get(orderId) === state) continue;
      last.set(orderId, state);
      seen.push({ orderId, status, reason, atMs: timeline.now() });
    }
    return [...seen];
  });

  function recordsOf(topic: string) {
    return log.topics.get(topic)?.partitions.flatMap(({ records }) => records) ?? [];
  }

  function inMotion(): Evidence {
    const [mode] = t.mode.committed();
    const gateIsLeft = mode?.mode === "sync" || mode?.ready === false;
    noteFree(gateIsLeft);
    // The gate's own finding closes it, and it is rebuilt, so no other check would see it.
    if (gate.drift && !gateIsLeft) people.samples.push(gate.drift);
    gate.drift = undefined;
    return {
      atRest: false,
      stock: t.stock.committed(),
      entries: t.entry.committed(),
      stream: t.stream.committed(),
      decisions: t.ledger.committed(),
      outcomes: t.outcome.committed(),
      queued: queued(),
      holdings: t.quota.committed(),
      prices: t.offer.committed(),
      limits: limits(),
      orders: orders(),
      history: history(),
      refunds: t.refund.committed(),
      payments: t.payment.committed(),
      statement: statement(),
      gate: readings(),
      gateIsLeft,
      terms: people.terms,
      taken: taken(),
      free: free(),
      samples: samples(),
      lines: lines(),
      wishes: wishes(),
      cancelled: cancelled(),
      extended: extended(),
      unfinished: [],
      announced: undefined,
      deadLetters: undefined,
      lateWish: undefined,
    };
  }

  function unfinished(): Unfinished[] {
    const charges = [...bank.charges.values()];
    return [
      { what: "people are under way", count: people.underWay },
      { what: "webhooks are not delivered", count: bank.undelivered },
      { what: "charges are not decided by the bank", count: charges.filter(isProcessing).length },
      { what: "payments are not finished", count: t.payment.committed().filter(isUnfinished).length },
      { what: "orders were not told news of their money", count: t.news.committed().filter(isUntold).length },
      { what: "refunds are not finished", count: t.refund.committed().filter(({ doneAt }) => doneAt === null).length },
      { what: "events of orders are not on the log", count: t.outbox.committed().length },
    ];
  }

  function deadLetters(): number {
    const topics = [...log.topics].filter(([name]) => name.endsWith(".dlq"));
    return topics.flatMap(([, { partitions }]) => partitions).reduce((all, { end }) => all + Number(end), 0);
  }

  return {
    inMotion,
    atRest: () => ({
      ...inMotion(),
      atRest: true,
      unfinished: unfinished(),
      announced: new Set(recordsOf("orders.events").map(({ headers }) => headers.ce_id ?? "")),
      deadLetters: deadLetters(),
      lateWish: people.lateWish,
    }),
  };
}

/** Builds again if the source has changed. */
function remembered<S, T>(source: () => S, build: (source: S) => T): () => T {
  let known: { source: S; built: T } | undefined;
  return () => {
    const now = source();
    if (!known || known.source !== now) known = { source: now, built: build(now) };
    return known.built;
  };
}

function orderOf(row: Row): OrderRow {
  const { orderId, userId, productId, epoch, reservationNo, quantity, status, reason } = row;
  const totalMinor = row.unitPriceMinor * quantity;
  const payByMs = row.payBy.getTime();
  return { orderId, userId, productId, epoch, reservationNo, quantity, status, reason, totalMinor, payByMs };
}

type Product = World["gate"]["state"] extends Map<string, infer P> ? P : never;

/** Nothing of a lost product is sold until it is loaded again. */
function readingOf(productId: string, product: Product): GateReading[] {
  if (!isWhole(product)) return [];
  const { open, sellable, pending, epoch, applied } = product;
  const records = Array.from(product.records.values(), (record) => ({
    orderId: record.orderId,
    epoch: record.epoch,
    quantity: record.quantity,
    isUndecided: isUndecided(record),
  }));
  return [{ productId, isOpen: open, sellable, pending, records, epoch, applied, price: product.offer }];
}

function isProcessing({ status }: { status: string }): boolean {
  return status === "processing";
}

function isUntold({ toldAt }: { toldAt: Date | null }): boolean {
  return toldAt === null;
}

function isUnfinished({ state }: { state: string }): boolean {
  return state === "requested" || state === "capturing" || state === "voiding" || state === "refunding";
}
