/** The crash points in the source, so that one without a cell that kills at it is found. */
import { globSync, readFileSync } from "node:fs";

/** Names that the source composes from parts, written out. */
const templates: Readonly<Record<string, readonly string[]>> = {
  "payment.${owes}-answered": ["payment.capture-answered", "payment.void-answered", "payment.refund-answered"],
};

const called = /(?<!`await )\bcrashPoint\(\s*(["`])([^"`]+)\1/g;

/** @throws if a name is composed in a way that is not written out here. */
export function pointsInSource(folder: string): string[] {
  const points = new Set<string>();
  for (const path of globSync("**/*.ts", { cwd: folder }).filter(
    (path) => !/\.(test|testing|child|real)\.ts$/.test(path),
  )) {
    for (const [, , name = ""] of readFileSync(`${folder}/${path}`, "utf8").matchAll(called)) {
      const spelled = templates[name] ?? [name];
      for (const point of spelled) {
        if (point.includes("${")) throw new Error(`${path}: spell out the crash points that ${point} stands for`);
        points.add(point);
      }
    }
  }
  return [...points].toSorted();
}
