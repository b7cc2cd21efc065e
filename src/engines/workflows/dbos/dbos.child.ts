/**
 * A process that runs one story and is killed by a test: `node dbos.child.ts <database url> <plot as JSON> <step to
 * hang at>`.
 */
import pg from "pg";
import { createLog } from "#platform/log";
import { type NoteCall, recordingStory, startAsked } from "../contract/recording.testing.ts";
import { openDbosWorkflows } from "./dbos.ts";

type Recorder = { query(text: string, values: unknown[]): Promise<unknown> };

/** A row for each call. */
export function notedIn(sql: Recorder): NoteCall {
  return (run, step, teller) =>
    sql.query("insert into call (run, step, teller) values ($1, $2, $3)", [run, step, teller]);
}

if (import.meta.main) {
  const [url = "", plotText = "", hangsAt] = process.argv.slice(2);
  const story = recordingStory(notedIn(new pg.Pool({ connectionString: url })), "child", hangsAt);
  const workflows = await openDbosWorkflows({ url, story, log: createLog({ level: "silent" }) });
  await startAsked(workflows, plotText);
}
