/**
 * A line on a database, a gate in memory that sells its units, and the people, staff and loops that act on them. Each step is
 * judged by the laws about lines (test/laws).
 */
import type { Sql } from "#engines/sql";
import { GateUnavailable, type Sale } from "#inventory";
import { randomHex } from "#platform/ids";
import type { Evidence, LineReading, OrderRow, Taken, Terms } from "../../test/laws/evidence.ts";
import { createOwnBeacon } from "../engines/beacon/own.ts";
import { openMemoryGate } from "../inventory/gate/memory.ts";
import { orderIdFor } from "../orders/ids.ts";
import { createClaims } from "./claims.ts";
import { createDraws } from "./draw.ts";
import { lineDropOf } from "./drop.testing.ts";
import { createExchange } from "./exchange.ts";
import { type LineDrop, lineProductsOf, modeOf, roomPhaseOf, takesPlaces } from "./line-drop.ts";
import { type PassRow, spendPasses } from "./pass-rows.ts";
import { createPlaces, type Place } from "./places.ts";
import { type Planted, plantedSql } from "./planted.testing.ts";
import { readLine } from "./reading.testing.ts";
import { readRoom } from "./room-rows.ts";
import { createTrees } from "./roster.ts";
import { createTurn } from "./turn.ts";

export type WorldOptions = {
  entry: LineDrop["entry"];
  /** Of each product. */
  units: readonly number[];
  planted: Planted | undefined;
};

export type LineWorld = ReturnType<typeof openLineWorld>;

const opensAfterMs = 60_000;
const lastsMs = 48 * 3_600_000;
const offer = { unitPriceMinor: 1_000, currency: "EUR", limitPerCustomer: null, version: 1 };

/** The draw is real; its chain is the shop's own, and its clock the world's. */
const secret = "a secret for tests that has more than 32 bytes";

type Order = { orderId: string; productId: string; userId: string; hasPass: boolean; reservationNo: number };

export function openLineWorld(database: Sql, { entry, units, planted }: WorldOptions) {
  const startedMs = Date.now();
  let nowMs = startedMs;
  let isGateAway = false;
  const now = () => nowMs;
  const gate = openMemoryGate({ nowMs: now });
  const products = units.map((_, i) => `size ${i + 1}`);
  const sql = plantedSql(database, planted);
  const drop = lineDropOf(products, {
    dropId: `drop-${randomHex(6)}`,
    opensAt: new Date(startedMs + opensAfterMs),
    closesAt: new Date(startedMs + lastsMs),
    entry,
    prequeueAt: new Date(startedMs),
  });
  const { dropId } = drop;
  const freezesAtMs = startedMs + opensAfterMs - drop.freezeLeadSeconds * 1_000;
  let sale: Sale = {
    dropId,
    opensAtMs: drop.opensAt.getTime(),
    closesAtMs: drop.closesAt.getTime(),
    paused: false,
    entry: entry === "open" ? "open" : "pass",
    latchAfterSoldOut: planted !== "latch-open",
    holdMs: drop.holdSeconds * 1_000,
    limitPerPerson: null,
    version: 1,
  };
  const books = new Map(products.map((productId, i) => [productId, { seq: 0, free: units[i] ?? 0 }]));
  const ready = Promise.all(
    Array.from(books, ([productId, { free }]) =>
      gate.install({
        productId,
        epoch: 1,
        sellable: free,
        applied: 0,
        offer,
        sale,
        latchedIn: null,
        retired: [],
        held: [],
        keysInBooks: false,
      }),
    ),
  );

  const orders: Order[] = [];
  const standing = new Set<Order>();
  const unpaid = new Set<Order>();
  const untold: Order[] = [];
  const taken: Taken[] = [];
  const exchanged: string[] = [];
  const told: LineReading["told"][number][] = [];
  const promises: LineReading["promises"][number][] = [];
  const called: number[] = [];
  const passes = new Map<string, PassRow[]>();
  const seen = new Set<string>();

  async function freeOf(productIds: readonly string[]): Promise<Map<string, number> | undefined> {
    if (isGateAway) return undefined;
    const snapshots = await gate.snapshot(productIds);
    return new Map(snapshots.map(({ productId, sellable }) => [productId, sellable]));
  }

  async function retire(productId: string, orderId: string, untilMs: number): Promise<"spent" | "retired"> {
    if (isGateAway) throw new GateUnavailable("retire", new Error("it is away"));
    const answer = await gate.retire(productId, orderId, untilMs, nowMs);
    if (answer === "closed") throw new GateUnavailable("retire", new Error("it is closed"));
    return planted === "retire-wins" ? "retired" : answer;
  }

  /** One process of the shop. */
  function process() {
    const beacons = { own: createOwnBeacon({ secret, now }), drand: undefined };
    return {
      places: createPlaces({ sql, now }),
      claims: createClaims({ sql, freeOf, orderIdOf: orderIdFor, now }),
      exchange: createExchange({ sql, freeOf, orderIdOf: orderIdFor, retire, now }),
      turn: createTurn({ sql, freeOf, pulse: async () => [], now }),
      draws: createDraws({ sql, beacons, trees: createTrees(), now, onQueued() {} }),
    };
  }
  const processes = [process(), process()] as const;

  function hear(userId: string, place: Place | undefined): void {
    if (place) told.push({ dropId, userId, seq: place.seq, place: place.place });
  }

  function keep(pass: PassRow): void {
    const own = passes.get(pass.userId) ?? [];
    if (!own.some(({ passId }) => passId === pass.passId)) passes.set(pass.userId, [...own, pass]);
  }

  async function apply(productId: string, by: number, { effect, of }: { effect?: "claimed" | "released"; of?: Order }) {
    const stock = books.get(productId);
    if (!stock) return;
    stock.seq += 1;
    stock.free += by;
    const items = effect && of ? [{ ...of, effect, quantity: 1 }] : [];
    const added = effect ? 0 : by;
    const answer = await gate.apply({
      productId,
      seq: stock.seq,
      epoch: 1,
      kind: "change",
      availableAfter: stock.free,
      added,
      items,
    });
    if (answer.kind !== "applied") throw new Error(`the gate answered ${JSON.stringify(answer)} to a row`);
  }

  /** The gate takes a unit, and the order is in the books at once. */
  async function take(order: Omit<Order, "reservationNo">, ignoresSale = false): Promise<void> {
    if (isGateAway) return;
    const { productId, hasPass } = order;
    const request = {
      ...order,
      quantity: 1,
      bodyHash: "its body",
      expectedTotalMinor: null,
      newIn: null,
      withdrawal: false,
      ignoresSale,
      pass: hasPass ? dropId : undefined,
      nowMs,
      payByMs: nowMs + sale.holdMs,
    };
    // Asked at once, so that no other order comes in between.
    const [[answer], [product]] = await Promise.all([gate.reserve([request]), gate.snapshot([productId])]);
    if (answer?.kind !== "reserved") return;
    taken.push({ productId, atMs: nowMs, left: product?.sellable ?? 0, hasPass, losses: 0 });
    const made = { ...order, reservationNo: answer.reservation.reservationNo };
    await gate.mark([{ ...made, epoch: 1 }]);
    await apply(productId, -1, { effect: "claimed", of: made });
    orders.push(made);
    standing.add(made);
    untold.push(made);
  }

  const isOver = () => nowMs >= drop.closesAt.getTime();
  const isOpen = () => !drop.paused && nowMs >= drop.opensAt.getTime();
  const productIdsNow = () => lineProductsOf(drop);

  return {
    drop,
    products,
    processes,
    async ready() {
      await ready;
    },

    async join(userId: string, at: 0 | 1): Promise<void> {
      const room = await readRoom(sql, dropId);
      if (!takesPlaces(drop, roomPhaseOf(drop, room, nowMs))) return;
      const place = await processes[at].places.join({ dropId, userId, mode: modeOf(drop), freezesAtMs });
      hear(userId, place === "work_spent" ? undefined : place);
    },
    async look(userId: string, at: 0 | 1): Promise<void> {
      hear(userId, await processes[at].places.of(dropId, userId));
    },
    async leave(userId: string, at: 0 | 1): Promise<void> {
      await processes[at].places.leave(dropId, userId);
    },
    async ask(userId: string, at: 0 | 1, { productId, renew }: { productId: string; renew: boolean }): Promise<void> {
      const productIds = productIdsNow();
      if (isOver() || !productIds.includes(productId)) return;
      const line = { dropId, productIds, isOpen: isOpen() };
      const answer = await processes[at].claims.claim(line, { userId, productId, renew });
      if (answer.ok) keep(answer.pass);
    },
    async exchange(userId: string, at: 0 | 1, nth: number): Promise<void> {
      const former = passes.get(userId)?.at(-1);
      const productIds = productIdsNow();
      const others = productIds.filter((one) => one !== former?.productId);
      const productId = others[nth % Math.max(1, others.length)];
      if (!former || isOver() || productId === undefined) return;
      const { passId } = former;
      const answer = await processes[at].exchange({ dropId, productIds, userId, passId, productId });
      if (!answer.ok) return;
      if (answer.pass.passId !== passId) exchanged.push(passId);
      keep(answer.pass);
    },
    /** `back`: with the pass before the last one. */
    async order(userId: string, back: number, tab: number): Promise<void> {
      const pass = passes.get(userId)?.at(-1 - back);
      if (!pass || pass.expiresAt.getTime() <= nowMs) return;
      const { productId, passId } = pass;
      const key = planted === "pass-is-no-key" ? `${passId} in tab ${tab}` : passId;
      await take({ orderId: orderIdFor({ userId, productId, key }), productId, userId, hasPass: true });
    },
    async buyWithoutPass(userId: string, productId: string): Promise<void> {
      await take({ orderId: orderIdFor({ userId, productId }), productId, userId, hasPass: false });
    },
    /** An order is not paid, and its unit comes back. */
    async endOrder(nth: number): Promise<void> {
      const order = [...standing][nth % Math.max(1, standing.size)];
      if (!order) return;
      standing.delete(order);
      unpaid.add(order);
      await apply(order.productId, 1, { effect: "released", of: order });
    },
    /** The payment of an order that has ended comes late: it takes a unit again if it may. */
    async payLate(nth: number): Promise<void> {
      const order = [...unpaid][nth % Math.max(1, unpaid.size)];
      if (!order) return;
      unpaid.delete(order);
      const { userId, productId } = order;
      await take({ orderId: orderIdFor({ userId, productId }), productId, userId, hasPass: false }, true);
    },
    async deliver(productId: string): Promise<void> {
      await apply(productId, 1, {});
    },
    /** The events of orders reach the line, the first of them twice. */
    async hearOfOrders(): Promise<void> {
      const heard = untold.splice(0).map(({ orderId }) => ({ orderId, quantity: 1 }));
      await spendPasses(sql, heard, new Date(nowMs));
      await spendPasses(sql, heard.slice(0, 1), new Date(nowMs));
    },
    async pause(paused: boolean): Promise<void> {
      if (drop.paused === paused) return;
      drop.paused = paused;
      sale = { ...sale, paused: drop.paused, version: sale.version + 1 };
      for (const productId of products) await gate.setSale(productId, sale);
    },
    setGateAway(isAway: boolean): void {
      isGateAway = isAway;
    },
    holders: () => [...passes.keys()],
    wait(seconds: number): void {
      nowMs += seconds * 1_000;
    },
    isOpen,
    /** A turn of the loops of a process. */
    async turn(at: 0 | 1): Promise<void> {
      if (isOver() || !(await readRoom(sql, dropId))) return;
      await processes[at].draws.goOn(drop);
      if (isOpen()) await processes[at].turn(drop);
    },

    /** Units at the gate, by product. */
    async units(): Promise<Map<string, number>> {
      const snapshots = await gate.snapshot(products);
      if (entry === "open") drop.listed = snapshots.flatMap((one) => (one.latched ? [one.productId] : []));
      return new Map(snapshots.map(({ productId, sellable }) => [productId, sellable]));
    },

    /** `before`: the units at the gate before the step. */
    async evidence(before: ReadonlyMap<string, number>, atRest = false): Promise<Evidence> {
      const after = await this.units();
      const line = await readLine(database, dropId);
      const ordered = new Set(orders.map(({ orderId }) => orderId));
      const given = line?.passes ?? [];
      const fresh = given.filter(({ passId }) => !seen.has(passId));
      for (const { passId } of fresh) seen.add(passId);
      for (const productId of new Set(fresh.map((pass) => pass.productId))) {
        const unspent = given.filter(
          (pass) =>
            pass.productId === productId && pass.keeps && pass.expiresAtMs > nowMs && !ordered.has(pass.orderId),
        ).length;
        const free = Math.max(before.get(productId) ?? 0, after.get(productId) ?? 0);
        promises.push({ productId, unspent, free, atMs: nowMs });
      }
      if (line && line.called !== called.at(-1)) called.push(line.called);
      const ofLine = productIdsNow();
      const spare = line ? spareOf(after, ofLine, line) : 0;
      const reading = line && { ...line, dropId, called: [...called], exchanged: [...exchanged], told: [...told] };
      const terms = products.map(
        (productId): Terms => ({
          ...sale,
          productId,
          hasList: true,
          beganMs: startedMs - 2,
          answeredMs: startedMs - 1,
        }),
      );
      return {
        ...nothing,
        atRest,
        lines: reading ? [{ ...reading, promises: [...promises], spare }] : [],
        // In a drop that all may order from, the latch tells the orders without a pass.
        orders: orders.filter(({ hasPass }) => hasPass || entry !== "open").map(orderRowOf),
        terms,
        taken: [...taken],
      };
    },
  };
}

function spareOf(
  units: ReadonlyMap<string, number>,
  ofLine: readonly string[],
  line: NonNullable<Awaited<ReturnType<typeof readLine>>>,
): number {
  let spare = 0;
  for (const productId of ofLine) {
    const kept = line.passes.filter((pass) => pass.productId === productId && pass.keeps).length;
    spare += Math.max(0, (units.get(productId) ?? 0) - kept);
  }
  return Math.max(0, spare - line.offers);
}

function orderRowOf({ orderId, productId, userId, reservationNo }: Order): OrderRow {
  const ref = { productId, epoch: 1, reservationNo };
  return { ...ref, orderId, userId, quantity: 1, status: "RESERVED", reason: null, totalMinor: 1_000, payByMs: 0 };
}

/** The laws about lines read nothing else. */
const nothing: Evidence = {
  atRest: false,
  stock: [],
  entries: [],
  stream: [],
  decisions: [],
  outcomes: [],
  queued: [],
  holdings: [],
  prices: [],
  limits: new Map(),
  orders: [],
  history: [],
  refunds: [],
  payments: [],
  statement: [],
  gate: [],
  gateIsLeft: false,
  terms: [],
  taken: [],
  free: [],
  samples: [],
  lines: [],
  wishes: [],
  cancelled: new Set(),
  extended: new Map(),
  unfinished: [],
  announced: undefined,
  deadLetters: undefined,
  lateWish: undefined,
};
