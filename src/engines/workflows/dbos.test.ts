import { createLog } from "#platform/log";
import { openTestDatabase } from "../../../test/support/database.ts";
import { openDbosWorkflows } from "./dbos.ts";
import { workflowsContract } from "./workflows.contract.ts";

const log = createLog({ level: (process.env.TEST_LOG as "warn") ?? "silent" });

workflowsContract("DBOS", async () => {
  const database = await openTestDatabase();
  return {
    open: (story) => openDbosWorkflows({ url: database.url, story, log }),
    close: () => database.close(),
  };
});
