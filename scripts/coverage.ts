/**
 * Lists the original deployment guide line by line, with the place where each line is done and the tests that hold it.
 * `npm run generate` writes docs/guide/coverage.md from scripts/coverage.json. A title that no test has is a fault, so the
 * page cannot outlive its tests.
 */
import { readFile } from "node:fs/promises";
import { cellOf, type Titled, testTitles } from "./test-titles.ts";

type Line = {
  /** The line of the guide, told in other words. */
  says: string;
  /** Where it is done; with the reason if it is done in another way. */
  where: string;
  /** Titles of tests, as they are in the source. */
  tests: readonly string[];
  /** What holds it beside tests: a command of CI. */
  command?: string;
};

/** @throws if a line names a test that does not exist. */
export async function renderCoverage(): Promise<string> {
  const chapters = JSON.parse(await readFile("scripts/coverage.json", "utf8")) as Record<string, Line[]>;
  const byTitle = Map.groupBy(await testTitles(), ({ title }) => title.replaceAll("\\'", "'"));
  const lines = Object.values(chapters).flat();
  const unknown = lines.flatMap(({ tests }) => tests).filter((title) => !byTitle.has(title));
  if (unknown.length > 0)
    throw new Error(`scripts/coverage.json names tests that do not exist:\n${unknown.join("\n")}`);
  const sections = Object.entries(chapters).map(([chapter, lines]) => {
    const rows = lines.map((line) => rowOf(line, byTitle));
    return `\n## ${chapter}\n\n| the guide | here | held by |\n| --- | --- | --- |\n${rows.join("\n")}\n`;
  });
  return `# The deployment guide, line by line

Each line of the guide that this system was built from, where it is done, and the tests that hold it. Written by
\`npm run generate\`; a title that no test has is refused.
${sections.join("")}`;
}

function rowOf({ says, where, tests, command }: Line, byTitle: ReadonlyMap<string, Titled[]>): string {
  const held = tests.map((title) => {
    const [test] = byTitle.get(title) ?? [];
    return `[${cellOf(title)}](../../${test?.path}) (${test?.engines})`;
  });
  if (command) held.push(`\`${command}\``);
  return `| ${says} | ${where} | ${held.join("<br>")} |`;
}
