/** A thread that runs schedules: each thread has timers of its own, which a schedule takes over. */
import { parentPort } from "node:worker_threads";
import { type Outcome, runSchedule } from "./schedule.ts";
import type { Order } from "./schedules.ts";

parentPort?.on("message", async ({ seeds, planted }: Order) => {
  const outcomes: Outcome[] = [];
  for (const seed of seeds) outcomes.push(await runSchedule({ seed, planted }));
  parentPort?.postMessage(outcomes);
});
