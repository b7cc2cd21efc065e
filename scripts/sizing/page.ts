/** Writes docs/guide/sizing.md: what is needed for a rate of orders, computed, and checked by the simulation. */
import { readFile } from "node:fs/promises";
import { randomFrom } from "../../test/support/random.ts";
import { assumptions, measuredAt, measuredBy, rates } from "./assumptions.ts";
import { type Costs, costsFrom, type Figure, type Plan, planFor, ratePerProduct } from "./plan.ts";
import { formulaOf, simulated } from "./queue.ts";

type Record = {
  at: string;
  on: string;
  commit: string;
  cpu: string;
  cores: number;
  node: string;
  loadBefore: number;
  figures: Figure[];
};

const seed = 13;
const arrivals = 40_000;
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

export async function measured(): Promise<{ costs: Costs; from: Record }> {
  const lines = (await readFile("bench/history.ndjson", "utf8")).trim().split("\n");
  const records = lines
    .map((line) => JSON.parse(line) as Record)
    .filter(({ at, on }) => at === measuredAt && on === "real");
  const [from] = records;
  if (!from) throw new Error(`bench/history.ndjson has nothing of ${measuredAt} on real servers`);
  return { costs: costsFrom(records.flatMap(({ figures }) => figures)), from };
}

export function planText({ rate, confirmedRate, parts, partitions, shops, eurosAMonth }: Plan): string {
  const rows = parts.map(({ name, servers, serviceMicros, utilisation, machines, eurosAMonth }) => {
    const queue = { rate: rate / shops, serviceMicros, servers: servers / shops };
    const { waitMicros } = formulaOf(queue);
    const found = simulated(queue, randomFrom(seed), arrivals);
    return [
      ...[name, fine.format(serviceMicros), whole.format(servers), whole.format(machines), whole.format(eurosAMonth)],
      ...[percent(utilisation), percent(found.utilisation), microsOf(waitMicros), microsOf(found.waitMicros)],
      fine.format(found.p99Micros),
    ].join(" | ");
  });
  const divided =
    shops > 1
      ? `\n\nOne PostgreSQL primary is not enough: the products are divided among **${shops} shops**, each with a primary, a log and\nprocesses of its own. Nothing here puts them behind one address. The rows above are their sum.`
      : "";
  return `## ${whole.format(rate)} orders/s

Accepted ${whole.format(rate)}/s for ${assumptions.peakSeconds} s, and ${whole.format(confirmedRate)}/s confirmed: **${whole.format(eurosAMonth)} € a month** if it runs all the time,
${whole.format(partitions)} partitions of \`orders.reservations\`.

| part | µs an order | cores or nodes | machines | € a month | in use | simulated | waits, µs | simulated | 99 % within, µs |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
| ${rows.join(" |\n| ")} |${divided}`;
}

export async function renderSizing(): Promise<string> {
  const { costs, from } = await measured();
  const { machine, largest, utilisation, peakSeconds, payingSeconds, copies, costOfCopy } = assumptions;
  return `# How much is needed

Machines, partitions and cost for a rate of orders. Written by \`npm run generate\`; \`npm run sizing -- --rate 5000\` prints it for
another rate. Nothing here was run at these rates: it is computed from the CPU time that one order costs.

**Measured** on ${from.at.slice(0, 10)} by \`${measuredBy}\` (commit ${from.commit}):
${from.cores} cores of ${from.cpu}, Node ${from.node}, load average ${from.loadBefore} before. The figures are in \`bench/history.ndjson\` and in [benchmarks.md](../benchmarks.md); all servers were on that one
machine, so no network is in them.

**Assumed**, in \`scripts/sizing/assumptions.ts\`, and to be changed there:

- A machine has ${machine.cores} cores and costs ${machine.eurosAMonth} € a month; the largest for a PostgreSQL primary has ${largest.cores} cores and costs
  ${whole.format(largest.eurosAMonth)} €. These are no quotations. A core does as much as a measured one.
- ${percent(utilisation)} of them are in use at the peak. PostgreSQL and each node of Redis have a replica. Kafka has ${copies} copies more of each
  record, each at ${costOfCopy} of the measured cost.
- The peak lasts ${peakSeconds} s, and its orders are confirmed over ${payingSeconds} s.

**One product** sells ${whole.format(Math.floor(ratePerProduct(costs, assumptions) / 100) * 100)} orders/s at most, whatever is added: its keys are on one node of Redis, which runs one command at
a time. A higher rate needs several products, on the nodes of a Redis Cluster ([ADR 0077](../adr/0077-redis-cluster.md)).

**Partitions** are 8 unless the topic was made with more before the first start. No test adds partitions to a topic that is in use.
A worker that is added takes partitions over while orders go on, so there are never more workers than partitions at work.

**The simulation** puts ${whole.format(arrivals)} orders through each part (seed ${seed}): they arrive at random, one queue for all servers, service times vary
as the exponential distribution. The formula is that of M/M/k. They agree within 2 % of a part's utilisation, and within 10 % of
the wait or 1 % of the service time, whichever is more: \`scripts/sizing/sizing.test.ts\` asserts it with more orders. Waits are those
for a free core; an order also waits for its batch, for the network and for disks, which are not in this page.

${rates.map((rate) => planText(planFor(rate, costs, assumptions))).join("\n\n")}

## Read replicas

\`REPORTS_DATABASE_URL\` names a replica that serves an ADMIN's list of all orders. Customers, payments and reconcile read the primary,
because they must see what was committed a moment ago. A replica so takes nothing off the way of an order.
`;
}

function microsOf(wait: number): string {
  return wait < 0.1 ? "below 0.1" : fine.format(wait);
}

function percent(share: number): string {
  return `${fine.format(share * 100)} %`;
}
