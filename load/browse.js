/** People look at the shop, and one in twenty orders. */
import { check } from "k6";
import exec from "k6/execution";
import { get, openLoop, order, productId, rate, seconds } from "./shop.js";

export const options = {
  scenarios: { browse: openLoop(rate, seconds) },
  thresholds: { http_req_duration: ["p(99)<50"], checks: ["rate==1"], dropped_iterations: ["count==0"] },
};

const pages = [
  () => get("/products", "list of products"),
  () => get(`/products/${productId}`, "product"),
  () => get("/drops", "list of drops"),
  () => get("/time", "time"),
];
const orderEvery = 20;

export default function () {
  const turn = exec.scenario.iterationInTest;
  if (turn % orderEvery === 0) check(order().answer, { "the order is accepted": ({ status }) => status === 202 });
  else check(pages[turn % pages.length](), { "the page is there": ({ status }) => status === 200 });
}
