/** Against a real Temporal server: its own, or the one at TEMPORAL_ADDRESS. `node --test src/engines/workflows/temporal.real.ts` */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog } from "#platform/log";
import { startServers } from "../../../scripts/servers.ts";
import { openTemporalWorkflows } from "./temporal.ts";
import { workflowsContract } from "./workflows.contract.ts";

const log = createLog({ level: (process.env.TL ?? "silent") as "silent" });
const workflowFile = new URL("./temporal-contract.workflow.ts", import.meta.url);

workflowsContract("Temporal", async () => {
  const folder = mkdtempSync(join(tmpdir(), "temporal-"));
  const servers = await startServers({ folder, which: ["temporal"] });
  return {
    open: (story) => openTemporalWorkflows({ address: servers.temporal.address, taskQueue: "contract", story, workflowFile, log }),
    async close() { await servers.stopAll(); rmSync(folder, { recursive: true, force: true }); },
  };
});
