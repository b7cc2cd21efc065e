/** Reads the gate's commands as Redis runs them: one Lua file each, with `shared.lua` in front of it. */
import { readFileSync } from "node:fs";
import { createScriptSet } from "#engines/redis";

const scriptNames = [
  "abort",
  "adopt",
  "apply",
  "bury",
  "claim-void",
  "close",
  "contents",
  "forget",
  "install",
  "mark",
  "probe",
  "records",
  "reserve",
  "retire",
  "set-offer",
  "set-sale",
  "snapshot",
] as const;
export type ScriptName = (typeof scriptNames)[number];

function read(name: string) {
  return readFileSync(new URL(`./${name}.lua`, import.meta.url), "utf8");
}

export const gateScripts = createScriptSet<ScriptName>({
  owner: "the stock gate",
  shared: read("shared"),
  sources: new Map(scriptNames.map((name) => [name, read(name)])),
});
