/**
 * Checks that alerts, runbooks, unit tests and metrics belong together: each alert has a runbook with its five parts and a
 * test in which it fires, each runbook has an alert, and rules and dashboards name only metrics and labels that exist.
 */
import { existsSync, globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";

const ruleFiles = "deploy/prometheus/*.yaml";
const testFiles = "deploy/prometheus/tests/*.yaml";
const dashboards = "deploy/grafana/dashboards/*.json";
const runbooks = "docs/runbooks";
const parts = ["Meaning", "Impact", "First look", "Fix", "Escalate"];

type Alert = { name: string; runbook: string | undefined };

/** One line a fault. */
export async function alertFaults(): Promise<string[]> {
  const rules = await textOf(ruleFiles);
  const tests = await textOf(testFiles);
  const alerts = alertsIn(rules);
  const pages = globSync(`${runbooks}/*.md`).toSorted();
  const texts = await Promise.all(pages.map((page) => readFile(page, "utf8")));
  const queries = rules + (await textOf(dashboards));
  const metrics = await readFile("docs/metrics.md", "utf8");
  return [
    ...alerts.flatMap((alert) => [...runbookFaults(alert), ...testFaults(alert, tests)]),
    ...pages.flatMap((page, i) => pageFaults(page, texts[i] ?? "", alerts)),
    ...unknownMetrics(queries, rules, metrics),
    ...unknownLabels(queries, metrics),
  ];
}

function alertsIn(rules: string): Alert[] {
  return rules
    .split(/^ *- (?=alert:)/m)
    .slice(1)
    .map((rule) => ({
      name: /^alert: (\w+)/.exec(rule)?.[1] ?? "",
      runbook: /^ *runbook: (\S+)/m.exec(rule)?.[1],
    }));
}

function runbookFaults({ name, runbook }: Alert): string[] {
  const page = `${runbooks}/${name}.md`;
  if (runbook !== page) return [`${name}: its annotation must say \`runbook: ${page}\``];
  return existsSync(page) ? [] : [`${name}: write ${page}`];
}

/** `promtool` knows a test in which the alert is silent by an empty list. */
function testFaults({ name }: Alert, tests: string): string[] {
  const fires = new RegExp(`alertname: ${name}\\n\\s+exp_alerts:\\n`).test(tests);
  const isSilent = new RegExp(`alertname: ${name}, exp_alerts: \\[\\]`).test(tests);
  return fires && isSilent ? [] : [`${name}: ${testFiles} must have a test in which it fires, and one in which not`];
}

function pageFaults(page: string, text: string, alerts: readonly Alert[]): string[] {
  const name = basename(page, ".md");
  if (!alerts.some((alert) => alert.name === name)) return [`${page}: no alert has this name`];
  const missing = parts.filter((part) => !text.includes(`\n## ${part}\n`));
  const faults = missing.map((part) => `${page}: it has no part "## ${part}"`);
  return text.startsWith(`# ${name}\n`) ? faults : [...faults, `${page}: its title must be ${name}`];
}

/** A misspelt name is an empty graph, and an alert that never fires. */
function unknownMetrics(text: string, rules: string, page: string): string[] {
  const recorded = new Set(Array.from(rules.matchAll(/record: (\S+)/g), ([, name]) => name));
  const names = new Set(text.match(/\bdropgate_[a-z0-9_]+|\bdropgate:[a-z][a-z0-9_:]+/g));
  return [...names].flatMap((name) => {
    if (recorded.has(name)) return [];
    const declared = name.replace(/_(bucket|count|sum)$/, "");
    return page.includes(`| \`${declared}\``) || page.includes(`| \`${name}\``)
      ? []
      : [`${name}: neither docs/metrics.md nor a recording rule has it`];
  });
}

/** A selector by a label that the metric lacks finds nothing, or with != everything. */
function unknownLabels(text: string, page: string): string[] {
  const selectors = new Set(Array.from(text.matchAll(/\bdropgate_[a-z0-9_]+\{[^}]*\}/g), ([found]) => found));
  return [...selectors].flatMap((selector) => {
    const [name = "", inside = ""] = selector.split(/[{}]/);
    const [, labels = ""] =
      new RegExp(`^\\| \`${name.replace(/_(bucket|count|sum)$/, "")}\` \\| \\w+ \\| (.*?) \\|`, "m").exec(page) ?? [];
    const asked = Array.from(inside.matchAll(/(\w+)(?==|!)/g), ([label]) => label);
    const unknown = asked.filter(
      (label) => !labels.includes(`\`${label}\``) && !["le", "instance", "job"].includes(label),
    );
    return unknown.map((label) => `${selector}: docs/metrics.md gives it no label ${label}`);
  });
}

async function textOf(pattern: string): Promise<string> {
  const paths = globSync(pattern).toSorted();
  return (await Promise.all(paths.map((path) => readFile(path, "utf8")))).join("\n");
}
