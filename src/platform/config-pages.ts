/** Writes the settings as text: for `--print-config`, docs/config.md and `.env.example`. */
import type { Origin, Setting, Settings } from "./config.ts";
import { program } from "./program.ts";

/** One line for each setting: its value in force and its source. Secrets are masked. For `--print-config`. */
export function printSettings(
  table: Settings,
  values: Readonly<Record<string, unknown>>,
  origins: Readonly<Record<string, Origin>>,
): string {
  const lines = Object.entries(table).map(([name, setting]) => {
    // A default that depends on other settings is filled in after the reading.
    const isDefault = origins[name] === "unset" || origins[name] === "default";
    const derived = isDefault && values[name] !== setting.default;
    return [`${name}=${shown(setting, values[name])}`, derived ? "derived" : origins[name]];
  });
  const width = Math.min(60, Math.max(...lines.map(([line = ""]) => line.length)));
  return `${lines.map(([line = "", origin]) => `${line.padEnd(width)}  # ${origin}`).join("\n")}\n`;
}

/** docs/config.md */
export function renderConfigPage(table: Settings): string {
  const rows = Object.entries(table).map(
    ([name, setting]) => `| \`${name}\` | ${typeSays(setting)} | ${defaultSays(setting)} | ${setting.says} |`,
  );
  return `# Configuration

Generated from \`src/config/settings.ts\`; do not edit. Every setting is an environment variable; \`.env\` in the working
directory is read too, and the environment wins. A secret \`NAME\` may be given as a file instead: \`NAME_FILE=/path\`.
\`npx ${program.name} start --print-config\` shows what is in force, with secrets masked.

| setting | type | default | what it is for |
| --- | --- | --- | --- |
${rows.join("\n")}
`;
}

/** .env.example: every setting, commented out at its default. */
export function renderEnvExample(table: Settings): string {
  const entries = Object.entries(table).map(
    ([name, setting]) => `# ${setting.says}\n# ${name}=${setting.default ?? ""}\n`,
  );
  return `# Generated from src/config/settings.ts. Copy to .env and uncomment what you change.\n\n${entries.join("\n")}`;
}

function shown(setting: Setting, value: unknown): string {
  if (value === undefined) return "";
  if (setting.type === "url") return maskedUrl(String(value));
  return setting.secret ? "***" : maskedText(String(value));
}

/** A list of addresses may hold passwords too. */
function maskedText(text: string): string {
  const parts = text.split(/,(?=\s*[\w+.-]+:\/\/)/);
  return parts
    .map((part) => part.replace(/^(\s*[\w+.-]+:\/\/).*@/s, "$1***@").replace(/^(\s*[\w+.-]+:\/\/[^?]*)\?.*/s, "$1?***"))
    .join(",");
}

/** Shows the host, so that the server can be recognised; leaves out user, password and query. */
function maskedUrl(text: string): string {
  const url = new URL(text);
  if (url.password) url.password = "***";
  url.search = url.search && "?***";
  return url.toString();
}

function typeSays(setting: Setting): string {
  if (setting.oneOf) return setting.oneOf.map((choice) => `\`${choice}\``).join(", ");
  const secret = setting.secret ? ", secret" : "";
  if (setting.pattern) return `text \`${setting.pattern}\`${secret}`;
  const bounds = [setting.min !== undefined && `≥ ${setting.min}`, setting.max !== undefined && `≤ ${setting.max}`]
    .filter(Boolean)
    .join(", ");
  return `${setting.type}${bounds && ` ${bounds}${setting.type === "text" ? " bytes" : ""}`}${secret}`;
}

function defaultSays(setting: Setting): string {
  if (setting.defaultSays) return setting.defaultSays;
  return setting.default === undefined ? "" : `\`${setting.default}\``;
}
