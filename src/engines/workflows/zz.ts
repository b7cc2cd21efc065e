import { createLog } from "#platform/log";
import pg from "pg";
import { contractStory } from "./contract.story.ts";
import { openDbosWorkflows } from "./dbos.ts";
const url = process.env.URL!, mode = process.argv[2], N = Number(process.argv[3] ?? 10000);
const step = (name: string) => async () => name;
const story = { name: "contractStory", tell: contractStory, steps: { first: step("first"), second: step("second"), stubborn: step("stubborn") }, repeated: new Set(["stubborn"] as const) };
const pool = new pg.Pool({ connectionString: url, max: 1 });
const count = async (s: string) => (await pool.query(s)).rows[0].c as number;
const mem = () => { globalThis.gc?.(); const m = process.memoryUsage(); return `${(m.rss / 2 ** 20) | 0} MB rss, ${(m.heapUsed / 2 ** 20) | 0} MB heap`; };
async function each(n: number, width: number, f: (i: number) => Promise<unknown>) { let i = 0; await Promise.all(Array.from({ length: width }, async () => { while (i < n) await f(i++); })); }
const t0 = Date.now();
const w = await openDbosWorkflows({ url, log: createLog({ level: "warn" }), story });
console.log("open", Date.now() - t0, "ms");
const run = `b${Date.now()}`;
const ended = () => count(`select count(*)::int c from dbos.workflow_status where status = 'SUCCESS' and workflow_uuid like '${run}%'`);
const waitFor = async (f: () => Promise<boolean>) => { while (!(await f())) await new Promise((r) => setTimeout(r, 50)); };
if (mode === "rate") {
  for (const [what, acts, nudged] of [["3 steps", ["first", "second", "stubborn"], false], ["3 steps + a nudged wait", ["first", "wait", "second", "stubborn"], true]] as const) {
    const n0 = await ended(), t = Date.now(), n = 2000, c0 = process.cpuUsage();
    await each(n, 64, async (i) => { const id = `${run}-${what}-${i}`; await w.start(id, { run: id, acts: [...acts], untilMs: Date.now() + 3600000 }); if (nudged) await w.nudge(id); });
    await waitFor(async () => (await ended()) - n0 >= n);
    const c = process.cpuUsage(c0);
    console.log(what, (n / (Date.now() - t) * 1000).toFixed(0), "runs/s,", ((c.user + c.system) / 1000 / n).toFixed(2), "ms cpu a run");
  }
}
if (mode === "wait") {
  console.log("before", mem());
  const t = Date.now();
  await each(N, 64, (i) => w.start(`${run}-${i}`, { run: `${run}-${i}`, acts: ["first", "wait", "second"], untilMs: Date.now() + 3600000 }));
  await waitFor(async () => (await count(`select count(*)::int c from dbos.operation_outputs where function_name='DBOS.sleep' and workflow_uuid like '${run}%'`)) >= N);
  console.log(N, "waiting after", Date.now() - t, "ms", mem());
  if (process.argv[4] === "kill") process.kill(process.pid, "SIGKILL");
  const t2 = Date.now(); await w.close(); console.log("closed in", Date.now() - t2); await pool.end(); console.log("end", Date.now() - t2); process.on("exit", () => console.log("exit", Date.now() - t2));
}
if (mode === "recover") {
  const me = await count("select max(executor_id) c from dbos.workflow_status"); 
  const c = async () => (await pool.query("select executor_id, status, count(*)::int from dbos.workflow_status where status in ('PENDING','ENQUEUED') group by 1, 2")).rows;
  for (let i = 0; i < 12; i++) { console.log(Date.now() - t0, JSON.stringify(await c()), mem()); await new Promise((r) => setTimeout(r, 1000)); }
  const id = (await pool.query("select workflow_uuid id from dbos.workflow_status where status = 'PENDING' limit 1")).rows[0].id;
  const t = Date.now(); await w.nudge(id); await waitFor(async () => (await w.outcome(id)) !== undefined); console.log("nudge to end", Date.now() - t, await w.outcome(id));
  const x0 = await count("select xact_commit::int c from pg_stat_database where datname=current_database()"), c0 = process.cpuUsage(), w0 = Date.now();
  await new Promise((r) => setTimeout(r, 60000));
  const x1 = await count("select xact_commit::int c from pg_stat_database where datname=current_database()"), c1 = process.cpuUsage(c0);
  console.log("idle", ((x1 - x0) / (Date.now() - w0) * 1000).toFixed(0), "tx/s", ((c1.user + c1.system) / 10 / (Date.now() - w0)).toFixed(1), "% cpu", mem());
  const t3 = Date.now(); await w.close(); await pool.end(); console.log("closed", Date.now() - t3);
}
if (mode === "rate") { await w.close(); await pool.end(); }
