/** Runs schedules in a thread: each thread has timers of its own, which a schedule takes over. */
import { parentPort } from "node:worker_threads";
import { runSchedule, type ScheduleResult } from "./schedule.ts";
import type { Order } from "./schedules.ts";

parentPort?.on("message", async ({ seeds, planted }: Order) => {
  const results: ScheduleResult[] = [];
  for (const seed of seeds) results.push(await runSchedule({ seed, planted }));
  parentPort?.postMessage(results);
});
