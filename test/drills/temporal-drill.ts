/** Temporal loses its database, with runs of orders under way. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { until } from "../support/until.ts";
import type { Drill } from "./drill.ts";

export const temporalLost: Drill = {
  name: "temporal-lost",
  title: "Temporal comes back without its data, while runs are under way",
  runbook: "docs/guide/recovery.md#temporal",
  heldBy: "test/real/workflows-ended.real.ts",
  async damage({ stage, say, damaged, accepted }) {
    const { temporal } = stage.fleet.servers;
    await temporal.kill();
    for (const name of ["temporal.db", "temporal.db-wal", "temporal.db-shm", "complete"]) {
      await rm(join(stage.fleet.folder, "temporal", name), { force: true });
    }
    say("Temporal is killed, and its database is deleted");
    damaged();
    const then = accepted();
    await until(() => accepted() >= then + 10, { withinMs: 60_000 });
    say("orders are accepted meanwhile; the scans confirm those that are paid");
    await temporal.start();
    say("Temporal runs again, empty; the next orders have runs again");
  },
};
