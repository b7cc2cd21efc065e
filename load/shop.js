/** The scenarios share these buyers, their orders, and the counters. k6 runs this file, not Node. */

import { SharedArray } from "k6/data";
import exec from "k6/execution";
import http from "k6/http";
import { Counter } from "k6/metrics";

const base = __ENV.BASE;
const tokens = new SharedArray("tokens", () => JSON.parse(open(__ENV.TOKENS)));
/** What load/main.ts prepared. */
export const { productId, rate, seconds, stock, opensAtMs, leadSeconds } = JSON.parse(__ENV.PREPARED);

/** Every 202, for the comparison with the books. */
const accepted = new Counter("accepted");
/** Requests for an order that were not answered: each may have become an order. */
const unanswered = new Counter("unanswered");

/** Each order has a key of its own, and the buyers take turns. */
export function order() {
  const turn = exec.scenario.iterationInTest;
  const token = tokens[turn % tokens.length];
  const answer = http.post(`${base}/orders`, JSON.stringify({ productId, quantity: 1 }), {
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "idempotency-key": `${__ENV.RUN}-${exec.scenario.name}-${turn}`,
    },
    tags: { name: "order" },
    responseCallback: http.expectedStatuses(202, 409, 429, 503),
  });
  if (answer.status === 202) accepted.add(1);
  if (answer.status === 0) unanswered.add(1);
  return { answer, token };
}

export function get(path, name, token) {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return http.get(`${base}${path}`, { headers, tags: { name } });
}

export function pay(orderId, token) {
  return http.post(`${base}/orders/${orderId}/payment`, JSON.stringify({ cardNumber: "4242424242424242" }), {
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    tags: { name: "payment" },
  });
}

/** A fixed rate, whether or not the earlier requests are answered. */
export function openLoop(perSecond, forSeconds) {
  return {
    executor: "constant-arrival-rate",
    rate: perSecond,
    timeUnit: "1s",
    duration: `${forSeconds}s`,
    preAllocatedVUs: 200,
    maxVUs: 2000,
  };
}
