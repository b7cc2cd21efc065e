/** Makes the Lua scripts of one user of Redis, with the name of a life in their text. */
import { createHash } from "node:crypto";

export type Script = { text: string; sha: string };

export type ScriptSet<Name extends string> = {
  /** The scripts of one life: the nonce in their text makes them differ from those of every other life. */
  ofLife(nonce: string): ReadonlyMap<Name, Script>;
  /** Does nothing. While Redis has it, the life lasts. It is the same for every version of the scripts. */
  marker(nonce: string): Script;
};

/** @param sources by name; `shared` goes in front of each, `owner` stands in the marker. */
export function createScriptSet<Name extends string>({
  owner,
  shared,
  sources,
}: {
  owner: string;
  shared: string;
  sources: ReadonlyMap<Name, string>;
}): ScriptSet<Name> {
  return {
    ofLife(nonce) {
      if (!/^[\w.-]+$/.test(nonce))
        throw new Error(`a boot nonce has letters, digits, "_", "." and "-" only: ${nonce}`);
      return new Map(
        Array.from(sources, ([name, source]) => {
          const [shebang, ...command] = source.split("\n");
          return [name, scriptFrom([shebang, `local LIFE = '${nonce}'`, shared, ...command].join("\n"))];
        }),
      );
    },
    marker: (nonce) => scriptFrom(`#!lua flags=no-writes\n-- The life ${nonce} of ${owner}.\nreturn 1\n`),
  };
}

function scriptFrom(text: string): Script {
  return { text, sha: createHash("sha1").update(text).digest("hex") };
}
