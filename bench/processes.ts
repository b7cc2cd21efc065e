/** Reads from /proc what each component of a benchmark costs: CPU and memory of a process and of all that it started. */
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** Of /proc, on every Linux that Node runs on. */
const ticksPerSecond = 100;
const pageBytes = 4096;

type Stat = { pid: number; parent: number; ticks: number; pages: number };

/** Seconds of CPU by component, since each began: `roots` names the first process of each. */
export type Cpu = Readonly<Record<string, number>>;

/**
 * The time of a process counts for the nearest root above it, so that a server started by the system is a component of
 * its own. Children that have ended count too.
 */
export async function cpuOf(roots: Readonly<Record<string, number>>): Promise<Cpu> {
  const owners = ownersOf(await allStats(), roots);
  const seconds = Object.fromEntries(Object.keys(roots).map((name) => [name, 0]));
  for (const [{ ticks }, owner] of owners) seconds[owner] = (seconds[owner] ?? 0) + ticks / ticksPerSecond;
  return seconds;
}

/** Seconds of CPU since it began, of the process alone; 0 if it has ended. */
export async function cpuOfProcess(pid: number): Promise<number> {
  return ((await statOf(`${pid}`))?.ticks ?? 0) / ticksPerSecond;
}

/** Bytes that are in memory, of the process alone. */
export async function residentBytesOf(pid: number): Promise<number> {
  return ((await statOf(`${pid}`))?.pages ?? 0) * pageBytes;
}

/** How often the main thread of the process began to wait since it began: each time something has woken it before. */
export async function wakingsOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(status)?.[1]);
}

/** The first child whose command line has the text, such as the embedded PostgreSQL of the system. */
export async function childOf(pid: number, text: string): Promise<number | undefined> {
  for (const stat of await allStats()) {
    if (stat.parent !== pid) continue;
    const command = await readFile(`/proc/${stat.pid}/cmdline`, "utf8").catch(() => "");
    if (command.includes(text)) return stat.pid;
  }
  return undefined;
}

function ownersOf(stats: readonly Stat[], roots: Readonly<Record<string, number>>): Map<Stat, string> {
  const parents = new Map(stats.map(({ pid, parent }) => [pid, parent]));
  const names = new Map(Object.entries(roots).map(([name, pid]) => [pid, name]));
  const owners = new Map<Stat, string>();
  for (const stat of stats) {
    let at: number | undefined = stat.pid;
    while (at !== undefined && at > 1 && !names.has(at)) at = parents.get(at);
    const owner = at === undefined ? undefined : names.get(at);
    if (owner) owners.set(stat, owner);
  }
  return owners;
}

async function allStats(): Promise<Stat[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  return (await Promise.all(pids.map(statOf))).filter((stat) => stat !== undefined);
}

/** undefined: it ended meanwhile. The fields are those of proc_pid_stat(5). */
async function statOf(pid: string): Promise<Stat | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  // The name before the bracket may have blanks in it.
  const fields = text
    ?.slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  if (!fields) return undefined;
  const [, parent = 0] = fields;
  const ticks = [11, 12, 13, 14].reduce((sum, i) => sum + (fields[i] ?? 0), 0);
  return { pid: Number(pid), parent, ticks, pages: fields[21] ?? 0 };
}

/** Waits until the system and its engines use less than a tenth of a core, at most a minute. */
export async function untilQuiet(system: { cpu(): Promise<Cpu> }): Promise<void> {
  const sum = (cpu: Cpu) => Object.values(cpu).reduce((all, one) => all + one, 0);
  const lookMs = 500;
  for (let turn = 0; turn < 120; turn += 1) {
    const before = sum(await system.cpu());
    await sleep(lookMs);
    if (sum(await system.cpu()) - before < lookMs / 10_000) return;
  }
}
