/** More orders than the shop takes: what is too much is refused with the time to come back, and nothing breaks. */
import { check } from "k6";
import { order, rate, seconds } from "./shop.js";

const phase = Math.max(1, Math.floor(seconds / 4));

export const options = {
  scenarios: {
    overload: {
      executor: "ramping-arrival-rate",
      startRate: Math.ceil(rate / 8),
      timeUnit: "1s",
      preAllocatedVUs: 500,
      maxVUs: 4000,
      stages: [
        { target: rate, duration: `${phase}s` },
        { target: rate, duration: `${2 * phase}s` },
        { target: Math.ceil(rate / 8), duration: `${phase}s` },
      ],
    },
  },
  thresholds: { checks: ["rate>0.99"], accepted: ["count>0"] },
};

export default function () {
  check(order().answer, {
    "accepted, or told when to come back": ({ status, headers }) =>
      status === 202 || ((status === 503 || status === 429) && headers["Retry-After"] !== undefined),
  });
}
