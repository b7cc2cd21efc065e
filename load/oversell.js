/** Many more buyers than units, all at once: each unit is sold once, and every other buyer is refused. */
import { check } from "k6";
import { order, rate, seconds, stock } from "./shop.js";

export const options = {
  scenarios: { oversell: { executor: "shared-iterations", vus: 200, iterations: rate * seconds, maxDuration: "5m" } },
  thresholds: { checks: ["rate==1"], accepted: [`count==${Math.min(stock, rate * seconds)}`] },
};

export default function () {
  const { answer } = order();
  check(answer, {
    "accepted, or refused as sold out": ({ status }) =>
      status === 202 || (status === 409 && answer.json("code") === "sold_out"),
  });
}
