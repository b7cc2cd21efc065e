/**
 * Finds steps of migrations that processes of the last release cannot live with, because these still run when the schema is
 * migrated. Such a step is a contract step: it comes one release after the one that stopped to use what it removes.
 */
type Step = { what: string; pattern: RegExp };

const steps: readonly Step[] = [
  {
    what: "drops",
    pattern: /(?<!\.)\bdrop\s+(?:table|schema|view|materialized\s+view|type|function|sequence|column)\b/,
  },
  // The word `column` may be left out; a table may be named `drop`.
  {
    what: "drops a column",
    pattern: /^alter\s+table\b.*(?<!\.)\bdrop\s+(?!constraint|column|default|not\s+null|expression|identity)\w/s,
  },
  { what: "renames", pattern: /\brename\b/ },
  { what: "changes a type", pattern: /\balter\s+(?:column\s+)?\S+\s+(?:set\s+data\s+)?type\b/ },
  { what: "refuses null in a column that had it", pattern: /\bset\s+not\s+null\b/ },
  { what: "deletes rows", pattern: /^(?:truncate|delete\s+from)\b/ },
];

const marker = /^-- contract step: nothing since release (\d+)\.(\d+)\.(\d+) uses \S/m;

/** One sentence a step; empty if the file is marked as a contract step of things that `lastRelease` does not use. */
export function contractFaults(file: string, text: string, lastRelease: string): string[] {
  const found = statementsOf(text).flatMap(stepsIn(text));
  if (found.length === 0) return [];
  const [, ...since] = marker.exec(text) ?? [];
  if (since.length === 0) {
    const advice = `add beside the old first; remove a release later, with the line "-- contract step: nothing since release X.Y.Z uses …"`;
    return found.map((step) => `${file} ${step}, which processes of the last release may still use: ${advice}`);
  }
  if (isLater(since, lastRelease.split("."))) {
    return [
      `${file} is a contract step of what release ${since.join(".")} stopped to use, and the last one is ${lastRelease}`,
    ];
  }
  return [];
}

function stepsIn(text: string) {
  return (statement: string): string[] => {
    const short = statement.replaceAll(/\s+/g, " ").slice(0, 60);
    return [
      ...steps.filter(({ pattern }) => pattern.test(statement)).map(({ what }) => `${what} (${short})`),
      ...(hasColumnWithoutDefault(statement) ? [`adds a column that is not null and has no default (${short})`] : []),
      ...(narrowsOldTable(statement, text) ? [`forbids equal rows in a table that stands (${short})`] : []),
    ];
  };
}

/** An insert of the last release does not name the column. */
function hasColumnWithoutDefault(statement: string): boolean {
  return statement
    .split(/\badd\s+column\b/)
    .slice(1)
    .some((column) => /\bnot\s+null\b/.test(column) && !/\b(?:default|generated)\b/.test(column));
}

function narrowsOldTable(statement: string, text: string): boolean {
  const [, table] = /^create\s+unique\s+index\b.*?\bon\s+([\w.]+)/s.exec(statement) ?? [];
  return table !== undefined && !new RegExp(`\\bcreate\\s+table\\s+(?:if\\s+not\\s+exists\\s+)?${table}\\b`).test(text);
}

function statementsOf(text: string): string[] {
  const bare = text
    .replaceAll(/--.*$/gm, "")
    .replaceAll(/'(?:[^']|'')*'/g, "''")
    .toLowerCase();
  return bare
    .split(";")
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}

function isLater(one: readonly string[], other: readonly string[]): boolean {
  const at = one.findIndex((part, i) => part !== other[i]);
  return at >= 0 && Number(one[at]) > Number(other[at]);
}
