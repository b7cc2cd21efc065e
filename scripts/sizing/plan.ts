/** Computes machines, partitions and cost for a rate of orders, from the CPU time that an order costs. Pure. */
import type { assumptions } from "./assumptions.ts";

/** CPU time of an order in each part, µs: accepted; settled too; and from placing to CONFIRMED. */
export type Costs = {
  process: Stage;
  redis: Stage;
  kafka: Stage;
  postgres: Stage;
  temporal: Stage;
};
type Stage = { accept: number; settle: number; confirm: number };

export type PartName = "order processes" | "settlement and sagas" | "Redis" | "Kafka" | "PostgreSQL" | "Temporal";
export type Part = {
  name: PartName;
  /** What serves one order at a time: a core, or a node of Redis. */
  servers: number;
  /** µs of one server for each order that is accepted. */
  serviceMicros: number;
  /** Share of the servers' time that is in use. */
  utilisation: number;
  machines: number;
  eurosAMonth: number;
};
export type Plan = {
  rate: number;
  confirmedRate: number;
  parts: Part[];
  partitions: number;
  /** Shops of their own, each with a primary, among which the products are divided. */
  shops: number;
  eurosAMonth: number;
};

/** A figure of bench/history.ndjson. */
export type Figure = { metric: string; value: number };

/** @throws Error that names the figure that is missing. */
export function costsFrom(figures: readonly Figure[]): Costs {
  const value = (metric: string) => {
    const found = figures.find((one) => one.metric === metric);
    if (!found)
      throw new Error(`the measurement has no "${metric}": run npm run bench -- confirm accept sustained --keep`);
    return found.value;
  };
  const stage = (part: string, accept: string): Stage => ({
    accept: value(accept),
    settle: value(`accept and settle, sustained, CPU of ${part}`),
    confirm: value(`placed to CONFIRMED, CPU of ${part}`),
  });
  return {
    process: stage("system", "accept, CPU of the process"),
    redis: stage("redis", "accept, CPU of Redis"),
    kafka: stage("kafka", "accept, CPU of kafka"),
    postgres: stage("postgres", "accept, CPU of postgres"),
    temporal: stage("temporal", "accept, CPU of temporal"),
  };
}

export function planFor(rate: number, costs: Costs, assumed: typeof assumptions): Plan {
  const { utilisation, machine, largest, copies, costOfCopy } = assumed;
  const paid = assumed.peakSeconds / assumed.payingSeconds;
  /** Of an order that is accepted: it is settled at once, and its share of those confirmed at the same time. */
  const perOrder = ({ settle, confirm }: Stage) => settle + Math.max(0, confirm - settle) * paid;
  const process = perOrder(costs.process);
  const neededFor = (serviceMicros: number) => (rate * serviceMicros) / 1e6 / utilisation;
  const shops = Math.ceil(neededFor(perOrder(costs.postgres)) / largest.cores);
  const part = (name: PartName, serviceMicros: number, least: number): Part => {
    const load = (rate * serviceMicros) / 1e6;
    const servers = shops * Math.max(least, Math.ceil(neededFor(serviceMicros) / shops));
    const machines = Math.max(least, Math.ceil(servers / machine.cores));
    return {
      name,
      servers,
      serviceMicros,
      utilisation: load / servers,
      machines,
      eurosAMonth: machines * machine.eurosAMonth,
    };
  };
  /** Each with a replica on another machine. */
  const twice = (one: Part): Part => ({ ...one, machines: 2 * one.machines, eurosAMonth: 2 * one.eurosAMonth });
  const postgres = part("PostgreSQL", perOrder(costs.postgres), 1);
  // A primary and its replica for each shop, on machines of the size that is needed.
  const each = postgres.servers / shops;
  const euros = each <= machine.cores ? machine.eurosAMonth : largest.eurosAMonth;
  const parts: Part[] = [
    part("order processes", costs.process.accept, 2),
    part("settlement and sagas", process - costs.process.accept, 2),
    twice(part("Redis", perOrder(costs.redis), 1)),
    part("Kafka", perOrder(costs.kafka) * (1 + copies * costOfCopy), 3),
    { ...postgres, machines: 2 * shops, eurosAMonth: 2 * shops * euros },
    part("Temporal", perOrder(costs.temporal), 1),
  ];
  const consumed = (rate * (process - costs.process.accept)) / 1e6;
  const partitions = Math.max(8, 2 ** Math.ceil(Math.log2(consumed / assumed.coresOfPartition)));
  const eurosAMonth = parts.reduce((sum, one) => sum + one.eurosAMonth, 0);
  return { rate, confirmedRate: rate * paid, parts, partitions, shops, eurosAMonth };
}

/** So many orders a second one product can sell: its keys are on one node of Redis, which runs one command at a time. */
export function ratePerProduct({ redis }: Costs, { utilisation }: typeof assumptions): number {
  return (utilisation * 1e6) / redis.settle;
}
