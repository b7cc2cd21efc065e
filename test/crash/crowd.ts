/** Buyers of every kind, one after another, who repeat their requests while the shop dies and comes back. */
import { setTimeout as sleep } from "node:timers/promises";
import { isFinal, type Status } from "#orders";
import type { Sighting } from "../laws/evidence.ts";
import { attemptUnderWay, endAttempt, isAnswered, toldOf, type Wish } from "../laws/wish.ts";
import type { Answer, Client, Order, PlacedOrder, Problem } from "../support/client.ts";
import { patiently } from "./patience.ts";

/** A buyer's behaviour with an accepted order: cards tried in turn, and whether they cancel. */
type Kind = { cards: readonly string[]; cancels?: boolean };

const good = "4242 4242 4242 4242";
/** The bank of these runs takes the money of this card when it is only asked to hold it: see bank.ts. */
const takenAtOnce = "4111 1111 1111 1111";
const slow = "4000 0000 0000 0909";

const kinds: readonly Kind[] = [
  { cards: [good] },
  { cards: [good] },
  { cards: ["4000 0000 0000 0010", good] },
  { cards: [takenAtOnce], cancels: true },
  { cards: [good] },
  { cards: [slow] },
  { cards: [] },
  { cards: ["4000 0000 0000 0404"] },
  { cards: ["4000 0000 0000 0707"] },
  { cards: [], cancels: true },
  { cards: [good] },
  { cards: [slow], cancels: true },
  { cards: ["4000 0000 0000 0101"] },
  { cards: [] },
  { cards: ["4000 0000 0000 0606"] },
  { cards: ["4000 0000 0000 0808", good] },
  { cards: [takenAtOnce] },
  { cards: ["4000 0000 0000 0303"] },
];

export type CrowdOptions = {
  as(user: string): Client;
  productId: string;
  /** Wishes, one each `everyMs`. */
  count: number;
  everyMs: number;
  /** Units of one order, at most. */
  mostUnits?: number;
  /** The body of a payment; by default it has the card's number, as the simulated provider takes it. */
  means?(cardNumber: string): object;
  /** Distinguishes the crowd from others of the same shop. */
  name: string;
  random(): number;
  /** No buyer starts an action after this: unanswered requests then stay unanswered. */
  untilMs: number;
};

export type Crowd = {
  readonly wishes: readonly Wish[];
  /** Final states that buyers have seen. */
  readonly shown: readonly Sighting[];
  /** Orders that their buyers asked to cancel. */
  readonly cancelled: ReadonlySet<string>;
  /** Requests that were answered 500, as a fault of the program: a server that is away is no such fault. */
  readonly failures: ReadonlySet<string>;
  done: Promise<void>;
  /** No more buyers come; those who are here go on to their end. */
  close(): void;
  stop(): void;
};

/** Of six buyers one has no key, and one orders three units, which is above the limit. */
export function sendCrowd(options: CrowdOptions): Crowd {
  const { as, productId, count, everyMs, mostUnits = 2, name, random } = options;
  const { means = (cardNumber: string) => ({ cardNumber }) } = options;
  const wishes: Wish[] = [];
  const shown: Sighting[] = [];
  const cancelled = new Set<string>();
  const failures = new Set<string>();
  let stopped = false;
  let closed = false;
  const goesOn = () => !stopped && performance.now() < options.untilMs;

  async function heard<B>(what: string, asked: Promise<Answer<B>>): Promise<Answer<B>> {
    const answer = await asked;
    if (answer.status === 500) failures.add(what);
    return answer;
  }

  async function comeAll(): Promise<void> {
    const coming: Promise<void>[] = [];
    for (let i = 0; i < count && !closed && goesOn(); i += 1) {
      const greedy = i % 6 === 5;
      const user = `${name}-${greedy ? `greedy-${Math.floor(i / 18)}` : i}`;
      const key = i % 6 === 2 ? undefined : `key-${name}-${i}`;
      const wish: Wish = { user, productId, key, attempts: [] };
      wishes.push(wish);
      coming.push(
        visit(as(user), wish, greedy ? 1 : Math.min(mostUnits, 1 + (i % 2)), kinds[i % kinds.length] as Kind),
      );
      await sleep(everyMs * (0.5 + random()));
    }
    await Promise.all(coming);
  }

  async function visit(client: Client, wish: Wish, quantity: number, { cards, cancels }: Kind): Promise<void> {
    const orderId = await place(client, wish, quantity);
    if (!orderId) return;
    for (const cardNumber of cards) if (!(await pay(client, orderId, cardNumber))) break;
    if (cancels) {
      await sleep(random() * 300);
      cancelled.add(orderId);
      await act(client, `/orders/${orderId}/cancel`, {}, ["order_ended"]);
    }
    await look(client, orderId);
  }

  async function place(client: Client, wish: Wish, quantity: number): Promise<string | undefined> {
    const headers = wish.key === undefined ? {} : { "idempotency-key": wish.key };
    const body = { productId, quantity };
    for (;;) {
      await attempt(wish, heard("an order", client.post("/orders", body, headers)));
      if (isAnswered(wish) || isOver(wish) || wish.key === undefined || !goesOn()) break;
      await sleep(100 + random() * 300);
    }
    if (toldOf(wish) !== "ok") return undefined;
    return wish.attempts.find(({ told }) => told === "ok")?.orderId;
  }

  /** Returns whether another card may be tried. */
  async function pay(client: Client, orderId: string, cardNumber: string): Promise<boolean> {
    const final = ["already_paid", "payment_closed", "order_ended", "too_many_attempts", "order_not_found"];
    const code = await act(client, `/orders/${orderId}/payment`, means(cardNumber), final);
    return code === undefined;
  }

  /** Until it is accepted or refused for good; returns the refusal. */
  async function act(
    client: Client,
    path: string,
    body: object,
    final: readonly string[],
  ): Promise<string | undefined> {
    while (goesOn()) {
      const answer: Answer<Problem> | undefined = await patiently(
        heard(`the request ${path.replace(/^.*\//, "")}`, client.post(path, body)),
      );
      if (answer && answer.status < 300) return undefined;
      if (answer && final.includes(answer.body.code)) return answer.body.code;
      await sleep(100 + random() * 300);
    }
    return "gave_up";
  }

  async function look(client: Client, orderId: string): Promise<void> {
    while (goesOn()) {
      const answer = await patiently(heard("a look at an order", client.get<Order>(`/orders/${orderId}`)));
      // A problem's body has a status of its own, which is a number.
      if (answer?.status === 200 && isFinal(answer.body.status as Status)) {
        const { status, reason = null } = answer.body;
        shown.push({ orderId, status, reason, atMs: Date.now() });
        return;
      }
      await sleep(300 + random() * 400);
    }
  }

  return {
    wishes,
    shown,
    cancelled,
    failures,
    done: comeAll(),
    close() {
      closed = true;
    },
    stop() {
      stopped = true;
    },
  };
}

/** A drop that has ended does not open again: its buyers give up. */
function isOver({ attempts }: Wish): boolean {
  return attempts.at(-1)?.code === "drop_ended";
}

/** Notes one request of a wish and its answer. */
export async function attempt(wish: Wish, asked: Promise<Answer<unknown>>): Promise<void> {
  const one = attemptUnderWay(Date.now());
  wish.attempts.push(one);
  const answer = (await patiently(asked)) as Answer<PlacedOrder & Problem> | undefined;
  if (!answer) return endAttempt(one, Date.now(), undefined);
  const { code, orderId, status } = answer.body;
  const accepted = answer.status === 202;
  endAttempt(one, Date.now(), { accepted, code, orderId, status: accepted ? String(status) : undefined });
}
