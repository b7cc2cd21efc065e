/**
 * `dropgate doctor`: looks over the settings, the machine, the engines and the running system, and says of each thing
 * whether it is well, and what to do if it is not. It changes nothing.
 */
import { readFile, statfs } from "node:fs/promises";
import {
  addressOfRunning,
  type CheckupOptions,
  checkEngines,
  engineDifferences,
  type Finding,
  openPool,
  schemasByDatabase,
} from "#engines/open";
import { gatePurpose, gateRefusalOf } from "#inventory";
import { folderFault, nearest } from "#platform/folder";
import { messageOf } from "#platform/thrown";
import type { Config } from "../config/config.ts";
import { allConsumersOf, topicsOf } from "../config/consumers.ts";
import { engineSettings, termsOf } from "../config/engines.ts";
import { schemas } from "../main.ts";
import { createAsk } from "./ask.ts";
import { lookAtSystem } from "./doctor-system.ts";

/** A process of a busy shop has a file open for each client that is connected. */
const fewestOpenFiles = 4_096;
/** With less, PostgreSQL may have no room for its next file. */
const leastFreeBytes = 1_073_741_824;

/** Prints each finding as it is made. Returns whether there was no fault. */
export async function doctor(config: Config, print: (line: string) => void): Promise<boolean> {
  const counts = { ok: 0, warning: 0, fault: 0 };
  for await (const finding of findings(config)) {
    counts[finding.status] += 1;
    print(`${finding.status.padEnd(8)} ${finding.about}: ${finding.says}`);
    if (finding.mend) print(`${" ".repeat(9)}mend: ${finding.mend}`);
  }
  print(`\n${counts.ok} ok, ${counts.warning} to look at, ${counts.fault} at fault`);
  return counts.fault === 0;
}

async function* findings(config: Config): AsyncGenerator<Finding> {
  yield* settingsOf(config);
  yield* await machineOf(config);
  const system = await systemOf(config);
  yield* system.findings;
  const url = config.DATABASE_URL ?? (system.runs ? addressOfRunning(config.DATA_DIR) : undefined);
  if (url === undefined) {
    const says = "the system does not run with this DATA_DIR, so its embedded database was not looked at";
    yield { status: "warning", about: "PostgreSQL", says, mend: "start it first: dropgate start" };
  } else {
    yield* await agreementOf(config, url);
  }
  yield* checkEngines(engineChecks(config, url));
}

/** A secret that cannot be read keeps the rest from nothing. */
async function systemOf(config: Config): ReturnType<typeof lookAtSystem> {
  try {
    return await lookAtSystem(await createAsk(config));
  } catch (error) {
    return { runs: false, findings: [{ status: "fault", about: "running system", says: messageOf(error) }] };
  }
}

function settingsOf({ warnings, profile }: Config): Finding[] {
  const engines = Object.entries(profile).map(([engine, kind]) => `${engine} ${kind}`);
  const valid: Finding = { status: "ok", about: "settings", says: `valid; engines: ${engines.join(", ")}` };
  return [
    valid,
    ...warnings.map(
      (says): Finding => ({ status: "warning", about: "settings", says, mend: "dropgate start --print-config" }),
    ),
  ];
}

async function machineOf({ DATA_DIR, profile }: Config): Promise<Finding[]> {
  const found: Finding[] = [];
  const limit = /^Max open files +(\d+)/m.exec(await readFile("/proc/self/limits", "utf8").catch(() => ""))?.[1];
  if (limit !== undefined) {
    const says = `a process may have ${limit} files open`;
    const mend = `each connected client needs one: raise it, for example with ulimit -n ${16 * fewestOpenFiles}`;
    const isFew = Number(limit) < fewestOpenFiles;
    found.push({ status: isFew ? "warning" : "ok", about: "machine", says, ...(isFew && { mend }) });
  }
  const everyPartElsewhere = profile.sql === "real";
  if (everyPartElsewhere) return found;
  const fault = folderFault(DATA_DIR);
  if (fault !== undefined) return [...found, { status: "fault", about: "disk", says: fault }];
  const { bsize, bavail, blocks } = await statfs(nearest(DATA_DIR));
  if (blocks === 0) return [...found, { status: "ok", about: "disk", says: `${DATA_DIR} is on one without a size` }];
  const free = bavail * bsize;
  const says = `${(free / leastFreeBytes).toFixed(1)} GiB are free for ${DATA_DIR}`;
  const isLow = free < leastFreeBytes;
  const mend = "make room or move DATA_DIR: without space no order can be accepted";
  found.push({ status: isLow ? "fault" : "ok", about: "disk", says, ...(isLow && { mend }) });
  return found;
}

/** Whether the shop's books know these engines and names. */
async function agreementOf(config: Config, url: string): Promise<Finding[]> {
  const common = openPool(url);
  try {
    const differences = await engineDifferences(common, termsOf(config));
    const mend = "set what the shop's processes have; dropgate engines shows both, and moves the shop with --adopt";
    return differences.map(({ term, agreed }) => ({
      status: "fault" as const,
      about: `setting ${term.setting}`,
      says: `it says ${term.name} ${term.value || "none"}, and the shop's books say ${agreed.value || "none"}`,
      mend,
    }));
  } catch {
    // A database that does not answer, or has no tables yet, is a finding of the engines below.
    return [];
  } finally {
    await common.close();
  }
}

function engineChecks(config: Config, url: string | undefined): CheckupOptions {
  const settings = engineSettings(config);
  const databases = url === undefined ? [] : [...schemasByDatabase(settings, { url }, schemas)];
  const { redis, kafka, temporal, smtp, drand } = settings;
  const topics = topicsOf(config);
  return {
    databases: databases.map(([own, modules]) => ({
      about: own === url ? "PostgreSQL" : `PostgreSQL of ${modules.map(({ schema }) => schema).join(", ")}`,
      url: own,
      schemas: modules,
    })),
    redis: redis && { ...redis, use: { purpose: gatePurpose, refusalOf: gateRefusalOf, admit: async () => {} } },
    kafka: kafka && {
      ...kafka,
      use: {
        topics: topics.flatMap((topic) => [topic, `${topic}.dlq`]),
        consumed: allConsumersOf(config),
      },
    },
    temporal,
    smtp,
    drand,
  };
}
