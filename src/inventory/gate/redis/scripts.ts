/** The gate's commands as Redis runs them: a Lua file each, in front of it what they share and the name of a life. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

export const scriptNames = [
  "abort",
  "adopt",
  "apply",
  "claim-void",
  "close",
  "contents",
  "forget",
  "install",
  "mark",
  "probe",
  "records",
  "reserve",
  "set-price",
  "snapshot",
] as const;
export type ScriptName = (typeof scriptNames)[number];

export type Script = { text: string; sha: string };

const read = (name: string) => readFileSync(new URL(`./${name}.lua`, import.meta.url), "utf8");
const shared = read("shared");
const sources = new Map(scriptNames.map((name) => [name, read(name)]));

/** The scripts of one life: the nonce in their text makes them others than those of every other life. */
export function scriptsOf(nonce: string): ReadonlyMap<ScriptName, Script> {
  if (!/^[\w.-]+$/.test(nonce)) throw new Error(`a boot nonce has letters, digits, "_", "." and "-" only: ${nonce}`);
  return new Map(
    Array.from(sources, ([name, source]) => {
      const [shebang, ...command] = source.split("\n");
      return [name, scriptFrom([shebang, `local LIFE = '${nonce}'`, shared, ...command].join("\n"))];
    }),
  );
}

/** Does nothing; while Redis has it, the life lasts. Of every version of the scripts the same. */
export function markerOf(nonce: string): Script {
  return scriptFrom(`#!lua flags=no-writes\n-- The life ${nonce} of the stock gate.\nreturn 1\n`);
}

function scriptFrom(text: string): Script {
  return { text, sha: createHash("sha1").update(text).digest("hex") };
}
