/** Runs `npm run bench:line`: 10,000 people in the line of a drop, against a running shop. */
import { readOptions, refuse, wholeNumber } from "../../scripts/options.ts";
import { openSystem } from "../stage.ts";
import { type Column, keepPage, tableOf } from "./page.ts";
import { sellToLine } from "./sale.ts";

const help = `npm run bench:line -- [options]

People join the line of a drop, some from ten tabs and some late; they are called, get passes, order and pay, lapse or
cancel. Exit 1 if a place is wrong, the line stands still, a pass finds no unit, a unit is left, an order is not
confirmed, or dropgate verify refuses the published files.

  --people N        how many people (10000)
  --units N         how many units (1000)
  --leavers LIST    shares of people who do not come when they are called, a sale each (0,0.4,0.8)
  --join-seconds N  time from the schedule to the opening (75)
  --admit N         people a second that the drop admits (100)
  --on ENGINES      embedded or real (embedded)
  --keep            write docs/line.md`;

const { values } = readOptions(help, {
  options: {
    people: { type: "string", default: "10000" },
    units: { type: "string", default: "1000" },
    leavers: { type: "string", default: "0,0.4,0.8" },
    "join-seconds": { type: "string", default: "75" },
    admit: { type: "string", default: "100" },
    on: { type: "string", default: "embedded" },
    keep: { type: "boolean", default: false },
  },
});
const { on } = values;
if (on !== "embedded" && on !== "real") refuse(`--on ${on}: choose embedded or real.`);
const sale = {
  people: wholeNumber("--people", values.people),
  units: wholeNumber("--units", values.units),
  joinSeconds: wholeNumber("--join-seconds", values["join-seconds"]),
  admitPerSecond: wholeNumber("--admit", values.admit),
};
const shares = values.leavers.split(",").map(Number);
if (!shares.every((share) => share >= 0 && share < 1))
  refuse(`--leavers ${values.leavers}: choose shares from 0 to below 1, such as 0,0.4.`);

await using stack = new AsyncDisposableStack();
const system = await openSystem(stack, { on });
const columns: Column[] = [];
for (const leavers of shares) {
  console.log(`\n${sale.people} people, ${sale.units} units, ${leavers * 100} % stay away`);
  const beganAt = performance.now();
  const figures = await sellToLine(system, {
    ...sale,
    leavers,
    says: (text) => console.log(`  ${((performance.now() - beganAt) / 1_000).toFixed(0).padStart(4)} s  ${text}`),
  });
  columns.push({ leavers, figures });
}
console.log(`\n${tableOf(columns)}`);
if (values.keep) await keepPage(columns, process.argv.slice(2));
