import { execSync } from "node:child_process";
import { createLog } from "#platform/log";
import pg from "pg";
import { contractStory } from "./contract.story.ts";
import { openDbosWorkflows } from "./dbos.ts";
import { until } from "./workflows.contract.ts";
const url = process.env.URL!, mode = process.argv[2];
const N = 300;
const counts: Record<string, number> = {};
const step = (name: string) => async (run: string) => { counts[`${run} ${name}`] = (counts[`${run} ${name}`] ?? 0) + 1; await new Promise((r) => setTimeout(r, 5)); return name; };
const seen: Record<string, number> = {};
const log = { ...createLog({ level: "silent" }), warn: (e: string, f: object = {}, x?: unknown) => { const k = `${e} ${JSON.stringify(f).replace(/[0-9.]+|r\d+-\d+/g, "#")} ${x ?? ""}`.slice(0, 200); seen[k] = (seen[k] ?? 0) + 1; }, error: (e: string, f: object = {}, x?: unknown) => { const k = `ERROR ${e} ${JSON.stringify(f)} ${(x as Error)?.stack ?? ""}`.slice(0, 600); seen[k] = (seen[k] ?? 0) + 1; } };
const w = await openDbosWorkflows({ url, log, story: { name: "contractStory", tell: contractStory, steps: { first: step("first"), second: step("second"), stubborn: step("stubborn") }, repeated: new Set(["stubborn"] as const) } });
const run = `r${Date.now()}`;
const sql = () => { const c = new pg.Client({ connectionString: url }); c.on("error", () => {}); return c; };
const outcomes: Record<string, number> = {};
let stop = false;
const chaos = (async () => {
  for (let i = 0; !stop; i++) {
    await new Promise((r) => setTimeout(r, 700));
    if (mode === "restart") {
      if (i % 4 === 3) { execSync(`su postgres -c "/usr/lib/postgresql/15/bin/pg_ctl -D /tmp/wf/pg -m ${i % 8 === 3 ? "immediate" : "fast"} -w stop >/dev/null"`); await new Promise((r) => setTimeout(r, 3000)); execSync(`su postgres -c "/usr/lib/postgresql/15/bin/pg_ctl -D /tmp/wf/pg -o '-p 55432 -k /tmp/wf -c listen_addresses=127.0.0.1 -c max_connections=200' -l /tmp/wf/pg.log -w start >/dev/null"`); }
    } else {
      const c = sql(); await c.connect(); await c.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'dropgate workflows%'").catch(() => {}); await c.end().catch(() => {});
    }
  }
})().catch((e) => console.log("chaos", e));
const t = Date.now();
await Promise.all(Array.from({ length: N }, async (_, i) => {
  const id = `${run}-${i}`;
  await new Promise((r) => setTimeout(r, i * 30));
  await w.start(id, { run: id, acts: ["first", "wait", "second", "wait", "stubborn"], untilMs: Date.now() + 60000 }).catch((e) => console.log("start", id, e));
  for (let k = 0; k < 2; k++) { await new Promise((r) => setTimeout(r, 500 + Math.random() * 2000)); await w.nudge(id).catch((e) => console.log("nudge", id, e)); }
}));
setTimeout(() => { stop = true; }, 5000);
await Promise.all(Array.from({ length: N }, async (_, i) => {
  let o: string | undefined; await until(async () => { o = await w.outcome(`${run}-${i}`).catch((e) => `THROWN ${e} ${e.cause}`); if (!o) await new Promise((r) => setTimeout(r, 300)); return o !== undefined; }).catch(() => { o = "never"; });
  outcomes[o!] = (outcomes[o!] ?? 0) + 1;
}));
console.log("ms", Date.now() - t, outcomes); stop = true; await chaos;
console.log("step calls", Object.values(counts).reduce((a, n) => ({ ...a, [n]: (a[n] ?? 0) + 1 }), {} as Record<number, number>));
console.log(Object.entries(seen).sort((a, b) => b[1] - a[1]).slice(0, 14));
const t2 = Date.now(); await w.close(); console.log("closed", Date.now() - t2);
