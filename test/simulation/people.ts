/** Buyers, each with a will of their own, and the shop's people. Each remembers what they were told. */
import { productRecord } from "#events/catalog";
import type { PlaceAnswer } from "../../src/orders/answers.ts";
import { orderIdFor } from "../../src/orders/ids.ts";
import type { Status } from "../../src/orders/state.ts";
import { onlooker } from "./checkers/units.ts";
import type { Copy, World } from "./world.ts";
import { topics } from "./world.ts";

/** One request for an order and what its buyer heard; `undefined` where the connection broke. */
export type Told = {
  buyer: string;
  orderId: string;
  key: string | undefined;
  answer: PlaceAnswer | undefined;
  beganMs: number;
};

export type People = {
  told: Told[];
  underWay: number;
  entered: Map<string, number>;
  /** The end of each order that has one: from then on people may be told it. */
  ends: Map<string, Status>;
  /** Orders that their buyers asked to cancel. */
  cancelled: Set<string>;
};

export type Sale = { products: string[]; maxAtOnce: number };

const definite = new Set([
  "sold_out",
  "limit_per_customer",
  "order_failed",
  "price_changed",
  "product_not_found",
  "idempotency_mismatch",
]);
const goodCard = "4242424242424242";
const badCard = "4000000000000010";

export function createPeople(): People {
  return { told: [], underWay: 0, entered: new Map(), ends: new Map(), cancelled: new Set() };
}

/** Asks until a process serves; gives up when the process that was asked has died. */
async function ask<T>(world: World, work: (copy: Copy) => Promise<T>): Promise<T | undefined> {
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
  const attempt = async () => {
    for (let tries = 0; ; tries += 1) {
      const named = key === undefined ? "" : orderIdFor({ userId: buyer, productId, key });
      const told: Told = { buyer, orderId: named, key, answer: undefined, beganMs: world.timeline.now() };
      people.told.push(told);
      const answer = await ask(world, (copy) => copy.orders.place(request));
      told.answer = answer;
      if (answer) told.orderId = answer.ok ? answer.order.orderId : answer.orderId;
      world.note(`${buyer} hears ${answer ? (answer.ok ? `202 ${answer.order.status}` : answer.reason) : "nothing"}`);
      world.isDirty = true;
      if (answer?.ok) return answer.order.orderId;
      if (answer && definite.has(answer.reason)) return undefined;
      if (key === undefined && tries > 1) return undefined;
      await sleep(world, 200 + random.next() * 2_000 + (tries > 10 ? 2_000 : 0));
      if (tries > 40) return undefined;
    }
  };
  const placed = await Promise.all(Array.from({ length: tabs }, attempt));
  const orderId = placed.find((one) => one !== undefined);
  if (orderId !== undefined) await payOrNot(world, people, orderId);
  people.underWay -= 1;
}

/** Of a product that the shop has as it has any other, and that has units left. */
const peaceful = "peace";
const patienceInPeace = 60;

/** L3: once all is well the next order is accepted, whatever went wrong before. Answers what is wrong where none is. */
export async function buyInPeace(world: World, people: People): Promise<string | undefined> {
  await tellPrice(world, peaceful, 1, null);
  await enter(world, people, peaceful, 1, "in peace");
  const heard: string[] = [];
  const request = { userId: "zoe", productId: peaceful, quantity: 1, expectedTotalMinor: null };
  for (let tries = 0; tries < patienceInPeace; tries += 1) {
    const answer = await ask(world, (copy) => copy.orders.place({ ...request, idempotencyKey: undefined }));
    const told: Told = { buyer: "zoe", orderId: "", key: undefined, answer, beganMs: world.timeline.now() };
    if (answer) told.orderId = answer.ok ? answer.order.orderId : answer.orderId;
    people.told.push(told);
    world.isDirty = true;
    if (answer?.ok || answer?.reason === "sold_out") return undefined;
    heard.push(answer?.reason ?? "nothing");
    await sleep(world, 500);
  }
  return `L3: all is well, and no order is accepted: ${[...new Set(heard)].join(", ")}`;
}

async function payOrNot(world: World, people: People, orderId: string): Promise<void> {
  const { random } = world;
  await sleep(world, random.next() * 1_500);
  if (random.chance(0.15)) return;
  if (random.chance(0.15)) {
    await cancel(world, people, orderId);
    if (random.chance(0.5)) return;
  }
  const cards = random.pick([[goodCard], [badCard, goodCard], [badCard], [goodCard, goodCard]]);
  for (const cardNumber of cards) {
    // Some pay at the last moment, or past it.
    if (random.chance(0.1)) await sleep(world, random.next() * 14_000);
    for (let tries = 0; tries < 30; tries += 1) {
      const answer = await ask(world, (copy) => copy.payment.pay({ orderId, cardNumber }));
      if (answer?.ok) break;
      if (answer && answer.reason !== "payment_not_ready" && answer.reason !== "payment_in_progress") return;
      await sleep(world, 300 + random.next() * 500);
    }
    await sleep(world, random.next() * 2_000);
  }
  // Some lose their patience with a bank that takes its time.
  if (!random.chance(0.1)) return;
  await sleep(world, random.next() * 30_000);
  await cancel(world, people, orderId);
}

async function cancel(world: World, people: People, orderId: string): Promise<void> {
  people.cancelled.add(orderId);
  await ask(world, (copy) => copy.orders.cancel(orderId, "cancelled"));
}

/** Insists: a reference makes the entry count once. */
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
  // Told until it is acknowledged: so it may be told twice, and after a later one.
  while (
    !(await world.catalog.append(topics.products, [record]).then(
      () => true,
      () => false,
    ))
  )
    await sleep(world, 300);
}

/** An operator gives back the money of a confirmed order, sometimes two of them at once. */
export async function refund(world: World, people: People): Promise<void> {
  const { random, books } = world;
  const confirmed = books.tables.orders.all(onlooker).filter(({ status }) => status === "CONFIRMED");
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
