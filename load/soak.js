/** Buyers order, pay, and wait until the order is confirmed, for a long time. */
import { check, sleep } from "k6";
import { Trend } from "k6/metrics";
import { get, openLoop, order, pay, rate, seconds } from "./shop.js";

export const options = {
  scenarios: { soak: { ...openLoop(rate, seconds), gracefulStop: "60s" } },
  thresholds: {
    "http_req_duration{name:order}": ["p(99)<50"],
    checks: ["rate>0.999"],
    until_confirmed: ["p(99)<5000"],
  },
};

const untilConfirmed = new Trend("until_confirmed", true);
const lookEveryS = 0.25;
const patienceMs = 60_000;

export default function () {
  const { answer, token } = order();
  if (!check(answer, { "the order is accepted": ({ status }) => status === 202 })) return;
  const orderId = answer.json("orderId");
  const beganAt = Date.now();
  const mayBePaid = untilStatus(orderId, token, "PAYMENT_PENDING");
  check(mayBePaid && pay(orderId, token), { "the payment is taken": (paid) => paid && paid.status === 202 });
  const isConfirmed = untilStatus(orderId, token, "CONFIRMED");
  check(isConfirmed, { "the order is confirmed": (confirmed) => confirmed });
  if (isConfirmed) untilConfirmed.add(Date.now() - beganAt);
}

function untilStatus(orderId, token, wanted) {
  for (const giveUpAt = Date.now() + patienceMs; Date.now() < giveUpAt; sleep(lookEveryS)) {
    const { status, body } = get(`/orders/${orderId}`, "read order", token);
    // Just accepted, it may not be in the books yet.
    if (status === 200 && JSON.parse(body).status === wanted) return true;
  }
  return false;
}
