/**
 * Keeps the folder of one set of servers: which runner owns it now, and the ports and passwords that it keeps between
 * runs.
 */
import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { openFolder } from "#platform/folder";
import { freePort, isFree } from "../support/free-port.ts";
import { commandOf, recall } from "./leftover.ts";

export type ServersFolder = {
  path: string;
  /** The port of the last run if it is free, so that addresses pasted elsewhere stay valid. */
  port(name: string, wanted?: number): Promise<number>;
  /** Random, made once. */
  password(name: string): string;
  release(): void;
};

/** @throws Error if a living runner uses the folder. */
export function claimFolder(folder: string): ServersFolder {
  const path = resolve(folder);
  openFolder(path, { mode: 0o700, instead: "name another folder by --folder or DATA_DIR" });
  const claim = join(path, "runner.json");
  takeClaim(claim);
  const kept = keptValues(join(path, "kept.json"));
  return {
    path,
    async port(name, wanted) {
      if (wanted && !(await isFree(wanted))) throw new Error(`port ${wanted}, wanted for ${name}, is taken`);
      const port = wanted ?? (await freePort(kept.get(`${name}.port`) as number | undefined));
      kept.set(`${name}.port`, port);
      return port;
    },
    password(name) {
      const password = kept.get(`${name}.password`) ?? randomBytes(12).toString("hex");
      kept.set(`${name}.password`, password);
      return String(password);
    },
    release: () => rmSync(claim, { force: true }),
  };
}

function takeClaim(claim: string): void {
  const mine = JSON.stringify({ pid: process.pid, command: commandOf(process.pid) });
  try {
    writeFileSync(claim, mine, { flag: "wx" });
  } catch {
    const other = recall(claim);
    const alive = other && other.pid !== process.pid && commandOf(other.pid) === other.command;
    if (alive) {
      const who = `process ${other.pid} (${other.command.trim()})`;
      throw new Error(`${who} runs servers with this folder's ${claim}: stop it, or choose another folder`);
    }
    writeFileSync(claim, mine);
  }
}

function keptValues(file: string) {
  let values: Record<string, string | number> = {};
  try {
    values = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    // The first run in this folder.
  }
  return {
    get: (key: string) => values[key],
    set(key: string, value: string | number) {
      if (values[key] === value) return;
      values[key] = value;
      writeFileSync(file, JSON.stringify(values, undefined, 2), { mode: 0o600 });
    },
  };
}
