/**
 * Reads the promises of the last release to the one after it: its settings, the schemas of its events, and its migrations,
 * kept in `last-release.json`. `node scripts/keep-release.ts` writes it when a release is made.
 */
import { createHash } from "node:crypto";
import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Setting } from "#platform/config";
import { settings } from "../src/config/settings.ts";
import { asyncApi } from "./async-api.ts";
import type { Schema } from "./schema-changes.ts";

export type Release = {
  version: string;
  /** From which `test/real/upgrade.real.ts` runs its processes. */
  commit: string;
  settings: Record<string, KeptSetting>;
  /** By name, without their descriptions. */
  events: Record<string, Schema>;
  /** The hash of each file by its path. */
  migrations: Record<string, string>;
};

export type KeptSetting = {
  [Part in "type" | "default" | "min" | "max" | "oneOf" | "pattern"]?: Setting[Part] | undefined;
};

export const keptFile = new URL("./last-release.json", import.meta.url);

export async function lastRelease(): Promise<Release> {
  return JSON.parse(await readFile(keptFile, "utf8"));
}

/** The same of the present source. */
export async function presentFaces(): Promise<Pick<Release, "settings" | "events" | "migrations">> {
  const { components } = asyncApi() as unknown as { components: { schemas: Record<string, Schema> } };
  const files = globSync("src/**/migrations/*.sql").toSorted();
  const hashes = await Promise.all(files.map(async (file) => [file, hashOf(await readFile(file, "utf8"))]));
  return {
    settings: Object.fromEntries(
      Object.entries<Setting>(settings).map(([name, { type, default: given, min, max, oneOf, pattern }]) => [
        name,
        { type, default: given, min, max, oneOf, pattern },
      ]),
    ),
    events: JSON.parse(JSON.stringify(components.schemas, (key, value) => (isWord(key, value) ? undefined : value))),
    migrations: Object.fromEntries(hashes),
  };
}

/** Parts of a schema that no reader of a record depends on. A property with such a name is an object. */
function isWord(key: string, value: unknown): boolean {
  return Array.isArray(value) ? key === "examples" : typeof value === "string" && words.has(key);
}
const words: ReadonlySet<string> = new Set(["description", "title", "$id"]);

function hashOf(text: string): string {
  return createHash("sha256").update(text.replaceAll("\r\n", "\n")).digest("hex").slice(0, 16);
}
