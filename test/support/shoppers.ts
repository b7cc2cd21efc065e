/** Many buyers at a time, and the check that all their answers were kept. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { isOver, type Status } from "#orders";
import type { Answer, Client, Order, PlacedOrder, Problem, Stock } from "./client.ts";
import { eventually } from "./eventually.ts";

/** Their shop: the system in this process, or a fleet of processes. */
type Shop = { as(user: string): Client; untilAtRest(productId: string): Promise<Stock> };

export type OrderAnswer = Answer<PlacedOrder & Problem> & { buyer: Client };

/** The pause between two orders of one buyer: refusals are quick and would take all the time. */
const pauseMs = 20;

/** The system gave this answer, and the order may exist or not. */
const unknownOutcome = "outcome_pending";

let buyers = 0;

/** So many buyers at once, each with a name of its own. */
export function allBuy(shop: Shop, productId: string, count: number, quantity = 1): Promise<OrderAnswer[]> {
  return Promise.all(Array.from({ length: count }, () => oneBuys(shop, productId, quantity)));
}

async function oneBuys(shop: Shop, productId: string, quantity: number): Promise<OrderAnswer> {
  buyers += 1;
  const buyer = shop.as(`buyer-${buyers}`);
  return { buyer, ...(await buyer.post<PlacedOrder & Problem>("/orders", { productId, quantity })) };
}

/** So many buyers, one order after another, until they are stopped; `soFar` can be read meanwhile. */
export function keepBuying(shop: Shop, productId: string, atOnce = 8) {
  const soFar: OrderAnswer[] = [];
  let stopped = false;
  async function buyOn(): Promise<void> {
    while (!stopped) {
      soFar.push(await oneBuys(shop, productId, 1));
      await sleep(pauseMs);
    }
  }
  const all = Promise.all(Array.from({ length: atOnce }, buyOn));
  return {
    soFar,
    async stop(): Promise<OrderAnswer[]> {
      stopped = true;
      await all;
      return soFar;
    },
  };
}

/** How often each answer was given, by its code; an accepted order has none. */
export function tally(answers: readonly Answer<Problem>[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, body } of answers) {
    const name = status === 202 ? "accepted" : body.code;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

export function accepted(answers: readonly OrderAnswer[]): OrderAnswer[] {
  return answers.filter(({ status }) => status === 202);
}

/** Waits for so many more accepted orders than there are now; `soFar` grows meanwhile. */
export async function untilMoreAccepted(soFar: readonly OrderAnswer[], count: number): Promise<void> {
  const before = accepted(soFar).length;
  await eventually(() => accepted(soFar).length >= before + count);
}

/**
 * Checks, once nothing is under way: every promised order exists, the units that are held or sold are those of the
 * existing orders, and none of these was answered as failed.
 */
export async function assertAccountsFor(
  shop: Shop,
  productId: string,
  answers: readonly OrderAnswer[],
): Promise<Stock> {
  const stock = await shop.untilAtRest(productId);
  const told = answers.filter(({ status, body }) => status === 202 || body.code === unknownOutcome);
  const units = await Promise.all(told.map(unitsThatStand));
  const sum = units.reduce((total, quantity) => total + quantity, 0);
  assert.equal(stock.held + stock.sold, sum, `the orders that stand have ${sum} units: ${JSON.stringify(stock)}`);
  return stock;
}

async function unitsThatStand({ status, body: { orderId }, buyer }: OrderAnswer): Promise<number> {
  // A busy system, or the gateway in front of it, may have no answer for a moment; that says nothing about the order.
  const { status: seen, body: order } = await eventually(async () => {
    const answer = await buyer.get<Order>(`/orders/${orderId}`);
    return answer.status < 500 && answer;
  });
  const stands = seen === 200 && order.status !== "PENDING" && !isOver(order.status as Status);
  if (status === 202) assert.ok(stands, `a promised order is not there: ${JSON.stringify(order)}`);
  return stands ? order.quantity : 0;
}
