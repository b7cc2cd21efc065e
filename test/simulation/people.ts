/** Buyers with different behaviour, and the shop's staff. Each remembers the answers that they got. */
import { productRecord } from "#events/catalog";
import type { PlaceAnswer, PlaceRequest } from "../../src/orders/accept/answers.ts";
import { isFinal } from "../../src/orders/state.ts";
import type { PayAnswer } from "../../src/payment/attempt.ts";
import type { Sample, Terms, ToldPlace } from "../laws/evidence.ts";
import { type Attempt, attemptUnderWay, endAttempt, type Wish } from "../laws/wish.ts";
import { createRandom, type Random } from "./random.ts";
import type { Copy, World } from "./world.ts";
import { topics } from "./world.ts";

export type People = {
  /** One for each key of a buyer, and one for each request without a key. */
  wishes: Wish[];
  /** Counts what was asked and answered. */
  heard: number;
  underWay: number;
  /** Orders that their buyers asked to cancel. */
  cancelled: Set<string>;
  /** The later deadlines that buyers were told when they extended their orders. */
  extended: Map<string, number>;
  /** Chance of its own, so that schedules without a drop stay what they are. */
  extending: Random;
  /** The terms of drops that operators set, product by product in their order. */
  terms: Terms[];
  /** The passes that people were told are exchanged. */
  exchanged: readonly string[];
  /** What people heard about their places in lines. */
  toldPlaces: readonly ToldPlace[];
  /** What reconciliations said. */
  samples: Sample[];
  /** The wish after all faults have ended. */
  lateWish: Wish | undefined;
};

const definite = new Set([
  "sold_out",
  "limit_per_customer",
  "order_failed",
  "price_changed",
  "product_not_found",
  "idempotency_mismatch",
  "drop_ended",
  "pass_expired",
  "pass_invalid",
]);
const goodCard = "4242424242424242";
const badCard = "4000000000000010";

export function createPeople(seed: number): People {
  return {
    wishes: [],
    heard: 0,
    underWay: 0,
    cancelled: new Set(),
    extended: new Map(),
    extending: createRandom(seed ^ 0x0e47_e4d0),
    terms: [],
    exchanged: [],
    toldPlaces: [],
    samples: [],
    lateWish: undefined,
  };
}

/** Asks until a process serves; gives up when the process that was asked has died. */
export async function ask<T>(world: World, work: (copy: Copy) => Promise<T>): Promise<T | undefined> {
  const copy = world.anyCopy();
  if (!copy) return undefined;
  let stopLooking = () => {};
  const broken = new Promise<undefined>((resolve) => {
    const look = () => {
      if (copy.process.dead) resolve(undefined);
      else stopLooking = world.timeline.after(500, look);
    };
    stopLooking = world.timeline.after(500, look);
  });
  const done = work(copy).catch((error) => {
    world.note(`${copy.process.name}: a request failed: ${String(error)}`);
    return undefined;
  });
  const answer = await Promise.race([done, broken]);
  stopLooking();
  return answer;
}

export function sleep(world: World, ms: number): Promise<void> {
  return new Promise((resolve) => world.timeline.after(ms, resolve));
}

export async function buy(world: World, people: People, buyer: string, productId: string): Promise<void> {
  const { random } = world;
  people.underWay += 1;
  const key = random.chance(0.6) ? `key ${random.between(1, 2)}` : undefined;
  const quantity = random.chance(0.8) ? 1 : 2;
  const tabs = key !== undefined && random.chance(0.3) ? random.between(2, 10) : 1;
  const request = { userId: buyer, productId, quantity, expectedTotalMinor: null, idempotencyKey: key };
  const placed = await Promise.all(Array.from({ length: tabs }, () => placeOrder(world, people, request)));
  const orderId = placed.find((one) => one !== undefined);
  if (orderId !== undefined) await payOrNot(world, people, orderId);
  people.underWay -= 1;
}

/** Asks until the answer is definite, or patience ends. Returns the order, if there is one. */
export async function placeOrder(world: World, people: People, request: PlaceRequest): Promise<string | undefined> {
  const { random } = world;
  const { userId, productId, idempotencyKey, pass } = request;
  const key = pass?.passId ?? idempotencyKey;
  for (let tries = 0; ; tries += 1) {
    const one = begin(world, people, wishOf(people, userId, productId, key));
    const answer = await ask(world, (copy) => copy.orders.place(request));
    hear(world, people, one, answer);
    world.note(`${userId} hears ${answer ? (answer.ok ? `202 ${answer.order.status}` : answer.reason) : "nothing"}`);
    if (answer?.ok) return answer.order.orderId;
    if (answer && definite.has(answer.reason)) return undefined;
    if (key === undefined && tries > 1) return undefined;
    await sleep(world, 200 + random.next() * 2_000 + (tries > 10 ? 2_000 : 0));
    if (tries > 40) return undefined;
  }
}

function wishOf({ wishes }: People, user: string, productId: string, key: string | undefined): Wish {
  const isSame = (one: Wish) => one.user === user && one.productId === productId && one.key === key;
  const known = key === undefined ? undefined : wishes.find(isSame);
  if (known) return known;
  const wish: Wish = { user, productId, key, attempts: [] };
  wishes.push(wish);
  return wish;
}

function begin(world: World, people: People, wish: Wish): Attempt {
  const one = attemptUnderWay(world.timeline.now());
  wish.attempts.push(one);
  people.heard += 1;
  return one;
}

function hear(world: World, people: People, one: Attempt, answer: PlaceAnswer | undefined): void {
  const heard = answer?.ok
    ? { accepted: true, code: "accepted", orderId: answer.order.orderId, status: answer.order.status }
    : answer && { accepted: false, code: answer.reason, orderId: answer.orderId };
  endAttempt(one, world.timeline.now(), heard);
  people.heard += 1;
  world.changes += 1;
}

/** Of a product that the shop has as it has any other, and that has units left. */
const peaceful = "peace";
const patienceInPeace = 60;

/** Asks for orders until one is answered for good, as the shop is to do once all is well. */
export async function buyInPeace(world: World, people: People): Promise<void> {
  await tellPrice(world, peaceful, 1, null);
  await enter(world, people, peaceful, 1, "in peace");
  const request = { userId: "zoe", productId: peaceful, quantity: 1, expectedTotalMinor: null };
  const lateWish: Wish = { user: "zoe", productId: peaceful, key: undefined, attempts: [] };
  people.lateWish = lateWish;
  for (let tries = 0; tries < patienceInPeace; tries += 1) {
    const one = begin(world, people, wishOf(people, "zoe", peaceful, undefined));
    lateWish.attempts.push(one);
    const answer = await ask(world, (copy) => copy.orders.place({ ...request, idempotencyKey: undefined }));
    hear(world, people, one, answer);
    if (answer?.ok || answer?.reason === "sold_out") return;
    await sleep(world, 500);
  }
}

export async function payOrNot(world: World, people: People, orderId: string): Promise<void> {
  const { random } = world;
  await sleep(world, random.next() * 1_500);
  if (random.chance(0.15)) return;
  if (random.chance(0.15)) {
    await cancel(world, people, orderId);
    if (random.chance(0.5)) return;
  }
  await extendOrNot(world, people, orderId);
  const cards = random.pick([[goodCard], [badCard, goodCard], [badCard], [goodCard, goodCard]]);
  for (const cardNumber of cards) {
    // Some pay at the last moment, or after it.
    if (random.chance(0.1)) await sleep(world, random.next() * 14_000);
    for (let tries = 0; tries < 30; tries += 1) {
      const answer = await ask(world, (copy) => pay(copy, orderId, cardNumber));
      if (answer?.ok) break;
      if (world.planted === "patience-in-attempts" && !answer && tries === 4) {
        await ask(world, (copy) => copy.orders.fail(orderId, "payment_unavailable"));
      }
      if (answer && answer.reason !== "payment_not_ready" && answer.reason !== "payment_in_progress") return;
      await sleep(world, 300 + random.next() * 500);
    }
    await sleep(world, random.next() * 2_000);
  }
  // Some lose their patience with a slow bank.
  if (!random.chance(0.1)) return;
  await sleep(world, random.next() * 30_000);
  await cancel(world, people, orderId);
}

/** Of products in a drop, at any moment until the deadline or shortly after it, sometimes twice at once. */
async function extendOrNot(world: World, people: People, orderId: string): Promise<boolean> {
  const productId = world.books.tables.orders.committed().find((row) => row.orderId === orderId)?.productId;
  if (!people.terms.some((terms) => terms.productId === productId)) return false;
  const random = people.extending;
  if (!random.chance(0.6)) return false;
  await sleep(world, random.chance(0.5) ? 10_000 + random.next() * 2_500 : random.next() * 5_000);
  const extend = async () => {
    const extended = await ask(world, (copy) => copy.orders.extend(orderId));
    if (extended) people.extended.set(orderId, extended.payBy.getTime());
    return extended;
  };
  const answers = await Promise.all(random.chance(0.3) ? [extend(), extend()] : [extend()]);
  if (answers.every((answer) => answer === undefined)) return false;
  world.count("a buyer extends an order");
  world.note(`the buyer of ${orderId} hears that it is extended`);
  if (random.chance(0.5)) await sleep(world, random.next() * 10_000);
  return true;
}

/** As the route does: the payment is opened with the deadline that the order has. */
async function pay({ orders, payment }: Copy, orderId: string, cardNumber: string): Promise<PayAnswer> {
  const order = await orders.read(orderId);
  if (!order || order.status === "PENDING") return { ok: false, reason: "payment_not_ready" };
  if (isFinal(order.status)) return { ok: false, reason: "payment_closed" };
  const toPay = { ...order, amountMinor: order.totalMinor, payByMs: order.payBy.getTime() };
  return payment.pay(toPay, { cardNumber });
}

async function cancel(world: World, people: People, orderId: string): Promise<void> {
  people.cancelled.add(orderId);
  await ask(world, (copy) => copy.orders.cancel(orderId, "cancelled"));
}

/** Repeats until it succeeds: with a reference the entry counts once. */
export async function enter(
  world: World,
  people: People,
  productId: string,
  quantity: number,
  ref: string,
): Promise<void> {
  people.underWay += 1;
  const entry = { productId, kind: "restock" as const, quantity, ref, reason: "delivery", actor: "ann" };
  for (let tries = 0; tries < 40; tries += 1) {
    const answer = await ask(world, (copy) => copy.inventory.books.enter(entry));
    if (answer?.ok || (answer && answer.reason !== "product_not_found")) break;
    await sleep(world, 200 + world.random.next() * 800);
  }
  people.underWay -= 1;
}

export async function tellPrice(world: World, productId: string, version: number, limit: number | null): Promise<void> {
  const data = {
    productId,
    name: "a thing",
    unitPriceMinor: 1_000 + version,
    currency: "EUR",
    limitPerCustomer: limit,
    version,
  };
  const time = new Date(world.timeline.now()).toISOString();
  const record = productRecord({ id: `${productId}:${version}`, type: "dropgate.product.changed", time, data });
  // Repeated until it is acknowledged, so it may come twice, and after a later one.
  while (
    !(await world.catalog.append(topics.products, [record]).then(
      () => true,
      () => false,
    ))
  )
    await sleep(world, 300);
}

/** An operator refunds a confirmed order, sometimes two operators at once. */
export async function refund(world: World, people: People): Promise<void> {
  const { random, books } = world;
  const confirmed = books.tables.orders.committed().filter(({ status }) => status === "CONFIRMED");
  if (confirmed.length === 0) return;
  const { orderId } = random.pick(confirmed);
  const restock = random.chance(0.5);
  const ask = (actor: string) =>
    insist(world, people, async ({ orders }) => {
      const done = await orders.refund(orderId, { reason: "broken", restock, actor });
      return done !== undefined || (await orders.read(orderId))?.status === "REFUNDED";
    });
  world.count("an operator refunds");
  await Promise.all(random.chance(0.3) ? [ask("ann"), ask("ben")] : [ask("ann")]);
}

export async function insist(world: World, people: People, work: (copy: Copy) => Promise<boolean>): Promise<void> {
  people.underWay += 1;
  for (let tries = 0; tries < 20; tries += 1) {
    if (await ask(world, work)) break;
    await sleep(world, 500);
  }
  people.underWay -= 1;
}
