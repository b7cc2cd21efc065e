/**
 * Starts the system as on a fresh machine, in a process of its own, without the services in `LEAVE_OUT`. Settlement that
 * is left out runs when the benchmark asks for it. The sagas are left out, because those of one run would go on in the next.
 */
import { openDatabase } from "#engines/open";
import { createLifecycle } from "#platform/lifecycle";
import { createLog } from "#platform/log";
import { readConfig } from "../src/config/config.ts";
import { startSystem } from "../src/main.ts";
import { services } from "../src/services.ts";

const leftOut = (process.env.LEAVE_OUT ?? "").split(",");
const config = readConfig(process.env, "/dev/null");
const log = createLog({ level: "warn" });
const lifecycle = createLifecycle({ log });
const database = await openDatabase({ dataDir: config.DATA_DIR, databaseUrl: config.DATABASE_URL }, log);
lifecycle.onStop("database", database.stop, { withinMs: 25_000 });
const chosen = services.filter(({ name }) => !leftOut.includes(name));
const { faces, port } = await startSystem(config, database, log, lifecycle, { chosen });

process.on("message", async (message: { ask: "settle" | "stop" }) => {
  if (message.ask === "stop") {
    await lifecycle.stop();
    process.exit(0);
  }
  const started = performance.now();
  const consumer = leftOut.includes("settlement") ? await faces.orders.start() : undefined;
  await faces.orders.settlement.drained();
  await consumer?.stop();
  process.send?.({ settledWithinMs: performance.now() - started });
});
process.on("disconnect", () => lifecycle.stop().then(() => process.exit()));
process.send?.({ port });
