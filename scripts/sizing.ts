/** `npm run sizing`: prints machines, partitions and cost for rates of orders. */
import { readOptions, refuse } from "./options.ts";
import { assumptions, rates } from "./sizing/assumptions.ts";
import { measured, planText } from "./sizing/page.ts";
import { planFor } from "./sizing/plan.ts";

const help = `npm run sizing -- [options]

Prints machines, partitions and cost for rates of orders, from the CPU time an order that the benchmark measured, and
checks them by a simulation of queues. Prices and other assumptions are in scripts/sizing/assumptions.ts.

  --rate N     orders a second, in place of ${rates.join(", ")}

Example: npm run sizing -- --rate 5000`;

const { values } = readOptions(help, { options: { rate: { type: "string" } } });
const wanted = values.rate === undefined ? rates : [Number(values.rate)];
if (!wanted.every((rate) => rate > 0 && rate <= 10_000_000)) {
  refuse("--rate is a number of orders a second above 0, and 10,000,000 at most");
}
const { costs } = await measured();
for (const rate of wanted) console.log(`${planText(planFor(rate, costs, assumptions))}\n`);
