/** Orders at a fixed rate; the deployment guide wants 99 of 100 answered within 50 ms. */
import { check } from "k6";
import { openLoop, order, rate, seconds } from "./shop.js";

export const options = {
  scenarios: { accept: openLoop(rate, seconds) },
  thresholds: { "http_req_duration{name:order}": ["p(99)<50"], checks: ["rate==1"], dropped_iterations: ["count==0"] },
};

export default function () {
  check(order().answer, { "the order is accepted": ({ status }) => status === 202 });
}
