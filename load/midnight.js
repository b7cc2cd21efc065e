/** A drop opens: some try before, and at the opening all order at once. None is accepted early. */
import { check } from "k6";
import { Counter } from "k6/metrics";
import { leadSeconds, openLoop, opensAtMs, order, rate, seconds } from "./shop.js";

const early = new Counter("early");

export const options = {
  scenarios: {
    before: { ...openLoop(Math.ceil(rate / 20), leadSeconds), exec: "buy" },
    opening: { ...openLoop(rate, seconds), startTime: `${leadSeconds}s`, exec: "buy" },
  },
  thresholds: { checks: ["rate==1"], early: ["count==0"], accepted: ["count>0"] },
};

export function buy() {
  const { answer } = order();
  // The answer cannot come before the decision; the shop decides by its own clock.
  if (answer.status === 202 && Date.now() < opensAtMs - clocksApartMs) early.add(1);
  const code = answer.status === 202 ? "" : answer.json("code");
  check(answer, {
    "accepted, not open yet, or sold out": ({ status }) =>
      status === 202 || (status === 409 && (code === "drop_not_open" || code === "sold_out")),
  });
}

const clocksApartMs = 1_000;
