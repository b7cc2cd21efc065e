/** Many buyers at a time, and the account of what became of all they were told. */

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { isOver, type Status } from "#orders";
import type { Answer, Client, Order, PlacedOrder, Problem, Stock } from "./client.ts";

/** Where they buy: the system in this process, or a fleet of them. */
type Shop = { as(user: string): Client; untilAtRest(productId: string): Promise<Stock> };

export type OrderAnswer = Answer<PlacedOrder & Problem> & { buyer: Client };

/** Between two orders of one buyer: refusals are quick, and nothing else would get a turn. */
const pauseMs = 20;

/** The system answered this, and it is not an order for sure: the order may stand or not. */
const unknownOutcome = "outcome_pending";

let buyers = 0;

/** So many buyers at once, each with a name of its own. */
export function everybodyBuys(shop: Shop, productId: string, count: number, quantity = 1): Promise<OrderAnswer[]> {
  return Promise.all(Array.from({ length: count }, () => oneBuys(shop, productId, quantity)));
}

async function oneBuys(shop: Shop, productId: string, quantity: number): Promise<OrderAnswer> {
  buyers += 1;
  const buyer = shop.as(`buyer-${buyers}`);
  return { buyer, ...(await buyer.post<PlacedOrder & Problem>("/orders", { productId, quantity })) };
}

/** So many buyers, one order after another, until they are told to stop; `soFar` can be watched meanwhile. */
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

/**
 * Once nothing is under way any more: every order that was promised stands, and the units that orders
 * hold or bought are those of the orders that stand, and none of these was answered as failed.
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
  const { body: order } = await buyer.get<Order>(`/orders/${orderId}`);
  const stands = order.status !== "PENDING" && !isOver(order.status as Status);
  if (status === 202) assert.ok(stands, `a promised order is not there: ${JSON.stringify(order)}`);
  return stands ? order.quantity : 0;
}
