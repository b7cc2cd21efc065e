/**
 * Starts the system as on a fresh machine, in a process of its own, without the services in `LEAVE_OUT`. Settlement that
 * is left out runs when the benchmark asks for it.
 */
import { subscribe } from "node:diagnostics_channel";
import { Session } from "node:inspector/promises";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { openDatabase } from "#engines/open";
import { createBatcher } from "#platform/batch";
import { createLifecycle } from "#platform/lifecycle";
import { createLog } from "#platform/log";
import { readConfig } from "../src/config/config.ts";
import { startSystem } from "../src/main.ts";
import { services } from "../src/services.ts";
import type { Counters } from "./counters.ts";
import { timesOf } from "./parts.ts";
import type { Question } from "./stage.ts";

const leftOut = (process.env.LEAVE_OUT ?? "").split(",");
const config = readConfig(process.env, "/dev/null");
const log = createLog({ level: "warn" });
const lifecycle = createLifecycle({ log });
const database = await openDatabase({ dataDir: config.DATA_DIR, databaseUrl: config.DATABASE_URL }, log);
lifecycle.onStop("database", database.stop, { withinMs: 25_000 });
const chosen = services.filter(({ name }) => !leftOut.includes(name));
const { faces, port } = await startSystem(config, database, log, lifecycle, { chosen });
const sql = faces.engines.sql("orders", 1);

/** Milliseconds until all that the log has acknowledged is settled. */
async function settle(): Promise<number> {
  const began = performance.now();
  const consumer = leftOut.includes("settlement") ? await faces.orders.start() : undefined;
  await drained();
  await consumer?.stop();
  return performance.now() - began;
}

/** After a crash, Kafka gives the partition to a new reader only once the session of the dead one has ended. */
async function drained(triesLeft = 12): Promise<void> {
  try {
    await faces.orders.settlement.drained();
  } catch (error) {
    if (triesLeft === 0) throw error;
    await drained(triesLeft - 1);
  }
}

/** Requests to Kafka by their key in its protocol: the client publishes each that it sends. */
const kafkaRequests = new Map<number, number>();
subscribe("tracing:plt:kafka:connections:api:start", (message) => {
  const { apiKey } = message as { apiKey: number };
  kafkaRequests.set(apiKey, (kafkaRequests.get(apiKey) ?? 0) + 1);
});
const produceKey = 0;

async function logCalls(): Promise<{ logAppends: number; logRequests: number }> {
  if (config.profile.log === "real") {
    const logRequests = [...kafkaRequests.values()].reduce((sum, count) => sum + count, 0);
    return { logAppends: kafkaRequests.get(produceKey) ?? 0, logRequests };
  }
  const [row] = await sql.query<{ appends: number }>("select count(*)::int as appends from event_log.batch");
  return { logAppends: row?.appends ?? 0, logRequests: 0 };
}

async function counters(): Promise<Omit<Counters, "redisCalls">> {
  // A transaction gets a number with its first write.
  const [row] = await sql.query<{ writes: string; transactions: string }>(
    `select pg_snapshot_xmax(pg_current_snapshot())::text as writes,
            (select sum(xact_commit)::text from pg_stat_database) as transactions`,
  );
  return { writes: Number(row?.writes), transactions: Number(row?.transactions), ...(await logCalls()) };
}

const delays = monitorEventLoopDelay({ resolution: 1 });

/** The longest time for which the process did nothing else since it was last asked, milliseconds. */
async function held(): Promise<number> {
  const longestMs = delays.max / 1e6;
  delays.reset();
  delays.enable();
  return longestMs;
}

const inspector = new Session();
/** Each sample costs some of what it measures. */
const sampleEveryUs = 500;

async function profile(): Promise<void> {
  inspector.connect();
  await inspector.post("Profiler.enable");
  await inspector.post("Profiler.setSamplingInterval", { interval: sampleEveryUs });
  await inspector.post("Profiler.start");
}

/** Microseconds by part since `profile`. */
async function profiled(): Promise<[part: string, us: number][]> {
  const { profile } = await inspector.post("Profiler.stop");
  inspector.disconnect();
  return [...timesOf(profile)];
}

/** The processes of PostgreSQL, each by the name of its connection or by its kind. */
function backends(): Promise<{ pid: number; name: string }[]> {
  return sql.query(
    "select pid, coalesce(nullif(regexp_replace(application_name, ', pid.*', ''), ''), backend_type) as name from pg_stat_activity",
  );
}

/** Of the database, for what the benchmark writes into the books by itself. */
async function url(): Promise<string> {
  return database.url;
}

/** From now on sends each change of an order to the benchmark, by batches. */
async function follow(): Promise<void> {
  let changes: [orderId: string, status: string][] = [];
  let { position } = await faces.orders.changesSince(undefined);
  const looks = createBatcher<undefined, undefined>({ maxBatch: 1_000, maxWaiting: 100_000, run: look });
  faces.orders.onChange((order) => {
    if (order) tell(order.orderId, order.status);
    else void looks.add(undefined);
  });

  /** Orders came into the books: they may be paid. */
  async function look(asked: undefined[]): Promise<undefined[]> {
    const found = await faces.orders.changesSince(position);
    position = found.position;
    if (found.orderIds === "many") throw new Error("more orders came at once than the benchmark can follow");
    for (const orderId of found.orderIds) tell(orderId, "PAYMENT_PENDING");
    return asked;
  }

  function tell(orderId: string, status: string): void {
    if (changes.length === 0) {
      setImmediate(() => {
        process.send?.({ changes });
        changes = [];
      });
    }
    changes.push([orderId, status]);
  }
}

process.on("message", async (message: Question) => {
  if (message.ask === "stop") {
    await lifecycle.stop();
    process.exit(0);
  }
  const answer = await { settle, counters, follow, held, url, profile, profiled, backends }[message.ask]();
  process.send?.({ to: message.ask, answer });
});
process.on("disconnect", () => lifecycle.stop().then(() => process.exit()));
process.send?.({ port });
