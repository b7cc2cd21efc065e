/** Checks that processes of the last release can run beside those of this one: settings, events and migrations only add. */
import { readFile } from "node:fs/promises";
import { type KeptSetting, lastRelease, presentFaces } from "./last-release.ts";
import { contractFaults } from "./migration-steps.ts";
import { breakingChanges } from "./schema-changes.ts";

/** One line a fault. */
export async function compatibilityFaults(): Promise<string[]> {
  const [before, now] = [await lastRelease(), await presentFaces()];
  const added = Object.keys(now.migrations).filter((file) => !(file in before.migrations));
  const texts = await Promise.all(added.map((file) => readFile(file, "utf8")));
  return [
    ...settingFaults(before.settings, now.settings),
    ...Object.entries(before.events).flatMap(([name, schema]) => breakingChanges(schema, now.events[name], name)),
    ...Object.entries(before.migrations)
      .filter(([file, hash]) => now.migrations[file] !== hash)
      .map(
        ([file]) =>
          `${file} is part of release ${before.version} and is not what it was: write the change as the next file`,
      ),
    ...added.flatMap((file, i) => contractFaults(file, texts[i] ?? "", before.version)),
  ];
}

/** A shop keeps its settings when it goes to the next release. */
export function settingFaults(
  before: Readonly<Record<string, KeptSetting>>,
  now: Readonly<Record<string, KeptSetting>>,
): string[] {
  return Object.entries(before).flatMap(([name, had]) => {
    const has = now[name];
    if (!has) return [`the setting ${name} is gone`];
    const lost = (had.oneOf ?? []).filter((choice) => has.oneOf && !has.oneOf.includes(choice));
    return [
      ...(had.type === has.type ? [] : [`the setting ${name} was ${had.type} and is ${has.type}`]),
      ...lost.map((choice) => `the setting ${name} may no longer be ${choice}`),
      ...(!had.oneOf && has.oneOf ? [`the setting ${name} may no longer be any ${had.type}`] : []),
      ...(had.default !== undefined && has.default === undefined
        ? [`the setting ${name} has no default any more`]
        : []),
      ...((has.min ?? Number.NEGATIVE_INFINITY) > (had.min ?? Number.NEGATIVE_INFINITY)
        ? [`the setting ${name} may no longer be ${had.min ?? "as low as before"}`]
        : []),
      ...((has.max ?? Number.POSITIVE_INFINITY) < (had.max ?? Number.POSITIVE_INFINITY)
        ? [`the setting ${name} may no longer be ${had.max ?? "as high as before"}`]
        : []),
      ...(has.pattern !== undefined && has.pattern !== had.pattern
        ? [`the setting ${name} has another pattern: ${has.pattern}`]
        : []),
    ];
  });
}
