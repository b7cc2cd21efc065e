/** A process that tells one run and is there to be killed: `node dbos.child.ts <database url> <plot as JSON> <step to hang at>`. */
import type { Queryable } from "#engines/sql";
import { createLog } from "#platform/log";
import { openSql } from "../sql/postgres.ts";
import { contractStory, type Plot, type PlotSteps } from "./contract.story.ts";
import { openDbosWorkflows } from "./dbos.ts";
import type { Story } from "./workflows.ts";

/** Steps that leave a row for each call, with the name of the process that made it. */
export function recordingStory(sql: Queryable, teller: string, hangsAt?: string): Story<Plot, PlotSteps> {
  function record(step: string) {
    return async (run: string) => {
      await sql.query("insert into call (run, step, teller) values ($1, $2, $3)", [run, step, teller]);
      return step === hangsAt ? new Promise<never>(() => {}) : `${step} by ${teller}`;
    };
  }
  return {
    name: "contractStory",
    tell: contractStory,
    steps: { first: record("first"), second: record("second"), stubborn: record("stubborn") },
    repeated: new Set(["stubborn"]),
  };
}

if (import.meta.main) {
  const [url = "", plotText = "", hangsAt] = process.argv.slice(2);
  const plot: Plot = JSON.parse(plotText);
  const sql = openSql({ url, maxConnections: 2, applicationName: "child" });
  const story = recordingStory(sql, "child", hangsAt);
  const workflows = await openDbosWorkflows({ url, story, log: createLog({ level: "silent" }) });
  await workflows.start(plot.run, plot);
}
