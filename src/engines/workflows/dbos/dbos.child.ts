/**
 * A process that runs one story and is killed by a test: `node dbos.child.ts <database url> <plot as JSON> <step to
 * hang at>`.
 */
import pg from "pg";
import { createLog } from "#platform/log";
import { contractStory, type Plot, type PlotSteps } from "../contract/story.testing.ts";
import type { Story } from "../workflows.ts";
import { openDbosWorkflows } from "./dbos.ts";

type Recorder = { query(text: string, values: unknown[]): Promise<unknown> };

/** Steps that leave a row for each call, with the name of their process. */
export function recordingStory(sql: Recorder, teller: string, hangsAt?: string): Story<Plot, PlotSteps> {
  function record(step: string) {
    return async (run: string) => {
      await sql.query("insert into call (run, step, teller) values ($1, $2, $3)", [run, step, teller]);
      return step === hangsAt ? new Promise<never>(() => {}) : `${step} by ${teller}`;
    };
  }
  return {
    name: "contractStory",
    tell: contractStory,
    steps: { first: record("first"), second: record("second"), third: record("third") },
  };
}

if (import.meta.main) {
  const [url = "", plotText = "", hangsAt] = process.argv.slice(2);
  const plot: Plot = JSON.parse(plotText);
  const story = recordingStory(new pg.Pool({ connectionString: url }), "child", hangsAt);
  const workflows = await openDbosWorkflows({ url, story, log: createLog({ level: "silent" }) });
  await workflows.start(plot.run, plot);
}
