/** The buyers of a rehearsal. Each wants one thing, and behaves in one of the ways in which people and networks do. */
import { setTimeout as sleep } from "node:timers/promises";
import { elapsedMs, systemClock } from "#platform/clock";
import type { Answer, Client, Person } from "./client.ts";
import { acceptedId, type ShadowProduct, type Wish } from "./evidence.ts";

export const faults = ["cut", "double", "burst", "slow", "cancel", "late"] as const;
export type Fault = (typeof faults)[number];

type Kind = {
  /** Without this fault the buyer pays like any other. */
  fault?: Fault;
  cards: readonly string[];
};

const good = "4242 4242 4242 4242";
const declined = "4000 0000 0000 0010";
/** The provider's answer is lost, and its webhook comes. */
const lost = "4000 0000 0000 0404";
/** The webhook comes twice at once. */
const twice = "4000 0000 0000 0202";

const kinds: readonly Kind[] = [
  { cards: [good] },
  { cards: [good], fault: "cut" },
  { cards: [declined, good] },
  { cards: [good], fault: "double" },
  { cards: [] },
  { cards: [good], fault: "cancel" },
  { cards: [lost] },
  { cards: [good], fault: "slow" },
  { cards: [], fault: "cancel" },
  { cards: [good], fault: "late" },
  { cards: [twice] },
  { cards: [declined] },
];

export type CrowdOptions = {
  client: Client;
  tokenOf(user: string): Promise<string>;
  run: string;
  products: readonly ShadowProduct[];
  buyers: number;
  /** Over how long they come; with `burst` half of them come at once. */
  overMs: number;
  faults: ReadonlySet<Fault>;
  /** How long a buyer repeats a request that is not answered for good. */
  patienceMs: number;
  /** The shop takes no card numbers. */
  paysNothing: boolean;
  onChange(): void;
};

export type Crowd = {
  wishes: Wish[];
  done: number;
  come(): Promise<void>;
  /** One more buyer, of this product, who cancels an order at once. */
  comeLate(product: ShadowProduct): Promise<Wish>;
  stop(): void;
};

export function createCrowd(options: CrowdOptions): Crowd {
  const { client, tokenOf, run, products, buyers, overMs, patienceMs, paysNothing, onChange } = options;
  const wishes: Wish[] = [];
  let stopped = false;
  const crowd: Crowd = { wishes, done: 0, come, comeLate, stop };

  function stop(): void {
    stopped = true;
  }

  async function come(): Promise<void> {
    const atOnce = options.faults.has("burst") ? buyers >> 1 : 0;
    const each = overMs / Math.max(1, buyers - atOnce);
    const coming: Promise<void>[] = [];
    for (let i = 0; i < buyers && !stopped; i += 1) {
      coming.push(visit(i).finally(onChange));
      if (i >= atOnce) await sleep(each);
    }
    await Promise.all(coming);
  }

  function wishOf(i: number): Wish {
    const product = products[i % products.length] as ShadowProduct;
    // Every tenth comes again and again, until they have as many as one may.
    const user = i % 10 === 9 ? `${run}-again-${i % products.length}-${Math.floor(i / 40)}` : `${run}-${i}`;
    const quantity = i % 10 === 9 ? Math.min(product.limit ?? 2, 2) : 1;
    return { user, productId: product.productId, quantity, key: `${run}-${i}`, attempts: [], cancels: false };
  }

  async function visit(i: number): Promise<void> {
    const wish = wishOf(i);
    wishes.push(wish);
    const token = await tokenOf(wish.user);
    const person = client.as(token);
    const { cards, fault } = kinds[i % kinds.length] as Kind;
    const does = fault && options.faults.has(fault) ? fault : undefined;
    const untilMs = elapsedMs() + patienceMs;
    await order(person, wish, does, untilMs);
    const orderId = acceptedId(wish);
    crowd.done += 1;
    onChange();
    if (orderId === undefined) return;
    if (does === "slow") await client.readSlowly(token, `/orders/${orderId}/events`);
    if (does === "late") await untilTooLate(person, orderId, untilMs);
    if (!paysNothing) for (const card of cards) await pay(person, orderId, card, does, untilMs);
    if (does === "cancel") await cancel(person, wish, untilMs);
  }

  async function cancel(person: Person, wish: Wish, untilMs: number): Promise<void> {
    const orderId = acceptedId(wish);
    if (orderId === undefined) return;
    wish.cancels = true;
    await insist(() => person("POST", `/orders/${orderId}/cancel`, {}), untilMs);
  }

  async function order(person: Person, wish: Wish, does: Fault | undefined, untilMs: number): Promise<void> {
    const { productId, quantity, key } = wish;
    const how = does === "cut" || does === "slow" ? does : undefined;
    async function ask(sending: { how?: "cut" | "slow" } = {}): Promise<Answer | undefined> {
      const beganMs = elapsedMs();
      const headers = { "idempotency-key": key };
      const answer = await person("POST", "/orders", { productId, quantity }, { headers, ...sending });
      const { code, orderId } = answer?.body ?? {};
      wish.attempts.push({
        beganMs,
        endedMs: elapsedMs(),
        code: !answer ? "no_answer" : answer.status === 202 ? "accepted" : String(code ?? answer.status),
        orderId: answer?.status === 202 ? String(orderId) : undefined,
      });
      return answer;
    }
    if (how) await ask({ how });
    if (does === "double") await Promise.all([ask(), ask()]);
    if (acceptedId(wish) === undefined || how === "cut") await insist(ask, untilMs, lastWords);
  }

  async function pay(
    person: Person,
    orderId: string,
    cardNumber: string,
    does: Fault | undefined,
    untilMs: number,
  ): Promise<void> {
    const ask = () => person("POST", `/orders/${orderId}/payment`, { cardNumber });
    if (does === "double") await Promise.all([ask(), ask()]);
    await insist(ask, untilMs, paidOrClosed);
  }

  async function untilTooLate(person: Person, orderId: string, untilMs: number): Promise<void> {
    const answer = await insist(() => person("GET", `/orders/${orderId}`), untilMs);
    const payByMs = Date.parse(String(answer?.body.payBy ?? ""));
    while (!stopped && systemClock.nowMs() < payByMs) await sleep(Math.min(500, payByMs - systemClock.nowMs() + 1));
  }

  /** Repeats it until the answer is final, and no longer than the buyer has patience. */
  async function insist(
    ask: () => Promise<Answer | undefined>,
    untilMs: number,
    final: ReadonlySet<string> = new Set(),
  ): Promise<Answer | undefined> {
    for (;;) {
      const answer = await ask();
      const code = String(answer?.body.code ?? "");
      if (answer && (answer.status < 300 || final.has(code))) return answer;
      if (answer && final.size === 0 && answer.status < 500 && answer.status !== 429) return answer;
      if (stopped || elapsedMs() > untilMs) return undefined;
      await sleep(Math.min(answer?.retryAfterMs ?? 250, 2_000));
    }
  }

  async function comeLate({ productId }: ShadowProduct): Promise<Wish> {
    const user = `${run}-late`;
    const wish: Wish = { user, productId, quantity: 1, key: user, attempts: [], cancels: false };
    const person = client.as(await tokenOf(user));
    const untilMs = elapsedMs() + patienceMs;
    await order(person, wish, undefined, untilMs);
    await cancel(person, wish, untilMs);
    return wish;
  }

  return crowd;
}

/** Refusals that a repeat under the same key does not change, or that no buyer waits for. */
const lastWords: ReadonlySet<string> = new Set([
  ...["sold_out", "limit_per_customer", "order_failed", "price_changed", "drop_ended", "validation", "forbidden"],
]);
const paidOrClosed: ReadonlySet<string> = new Set([
  ...["already_paid", "payment_closed", "order_ended", "too_many_attempts", "order_not_found", "card_not_taken"],
]);
