/** Writes docs/metrics.md from the declared metrics. */
import type { Declared } from "./metrics.ts";

/** The page is committed: a metric that changes or goes shows in its diff. */
export function renderMetricsPage(declared: readonly Declared[]): string {
  const rows = declared.map(
    ({ name, type, labels, says }) =>
      `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(", ")} | ${says} |`,
  );
  return `# Metrics

Generated from the declarations; do not edit. Served at \`/actuator/prometheus\`, beside the usual \`process_…\` and
\`nodejs_…\` metrics of the Node.js client.

| metric | type | labels | what it counts |
| --- | --- | --- | --- |
${rows.join("\n")}
`;
}
