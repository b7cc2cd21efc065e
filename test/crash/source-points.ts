/** The crash points that the source names: one at which no cell kills is untested. */
import { globSync, readFileSync } from "node:fs";

/** Names that the source puts together from others, spelled out. */
const templates: Readonly<Record<string, readonly string[]>> = {
  "payment.${owes}-answered": ["payment.capture-answered", "payment.void-answered", "payment.refund-answered"],
};

const called = /(?<!`await )\bcrashPoint\(\s*(["`])([^"`]+)\1/g;

/** @throws where a name is put together in a way that is not spelled out here. */
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
