/** Reads the settings of a table from the environment, and reports every fault at once. */
import { existsSync, readFileSync } from "node:fs";
import { type EnvFile, parseEnvFile } from "./env-file.ts";

/**
 * Configuration is one table. Each row names an environment variable, its type, its default and what it
 * is for; from the table come the types, the reading, the documentation and `.env.example`.
 */
export type Setting = Readonly<{
  type: SettingType;
  /** One sentence for the person who sets it. */
  says: string;
  default?: string | number | boolean;
  /** The text for a default that depends on other settings. */
  defaultSays?: string;
  /** Never printed, and may also be given as a file: `NAME_FILE=/run/secrets/name`. */
  secret?: true;
  /** Bounds of an integer; of a text, its length in bytes. */
  min?: number;
  max?: number;
  oneOf?: readonly string[];
  /** A pattern that the whole text must match. */
  pattern?: string;
}>;

export type SettingType = "text" | "integer" | "flag" | "url";
export type Settings = Readonly<Record<string, Setting>>;

type ValueOf<S extends Setting> = S extends { oneOf: readonly (infer Choice)[] }
  ? Choice
  : { text: string; url: string; integer: number; flag: boolean }[S["type"]];

/** A setting without a default may be absent. */
export type Values<Table extends Settings> = {
  readonly [Name in keyof Table]: Table[Name] extends { default: string | number | boolean }
    ? ValueOf<Table[Name]>
    : ValueOf<Table[Name]> | undefined;
};

export type Origin = "environment" | ".env" | "file" | "default" | "unset";
export type Environment = Readonly<Record<string, string | undefined>>;

export type Reading<Table extends Settings> = {
  values: Values<Table>;
  origins: Readonly<Record<keyof Table & string, Origin>>;
  /** All faults at once, each naming its setting and what to do. If it is empty, `values` are valid. */
  faults: string[];
};

export class ConfigError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    const count = faults.length === 1 ? "1 setting is wrong" : `${faults.length} settings are wrong`;
    super(`${count}:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
    this.name = "ConfigError";
    this.faults = faults;
  }
}

export function defineSettings<const Table extends Settings>(table: Table): Table {
  return Object.freeze(table);
}

/** The content of `.env`, or nothing if there is no such file. */
export function readEnvFile(path: string): EnvFile {
  return existsSync(path) ? parseEnvFile(readFileSync(path, "utf8")) : { values: {}, warnings: [] };
}

/**
 * Reads every setting once. A variable of the environment wins over the same name in `envFile`; an empty one counts as
 * unset.
 */
export function readSettings<Table extends Settings>(
  table: Table,
  environment: Environment,
  envFile: Environment = {},
): Reading<Table> {
  const values: Record<string, unknown> = {};
  const origins: Record<string, Origin> = {};
  const faults: string[] = [];
  for (const [name, setting] of Object.entries(table)) {
    try {
      const found = find(name, setting, environment, envFile);
      values[name] = found ? parse(name, setting, found.text) : setting.default;
      origins[name] = found?.origin ?? (setting.default === undefined ? "unset" : "default");
    } catch (error) {
      faults.push((error as Error).message);
      origins[name] = "unset";
    }
  }
  return { values: values as Values<Table>, origins: origins as Reading<Table>["origins"], faults };
}

function find(name: string, setting: Setting, environment: Environment, envFile: Environment) {
  for (const [source, origin] of [
    [environment, "environment"],
    [envFile, ".env"],
  ] as const) {
    const text = source[name] || undefined;
    const path = setting.secret && (source[`${name}_FILE`] || undefined);
    if (text && path) throw new Error(`${name} and ${name}_FILE are both set: keep one of them`);
    if (text) return { text, origin };
    if (path) return { text: readSecret(name, path), origin: "file" as const };
  }
  return undefined;
}

function readSecret(name: string, path: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8").trim();
  } catch (error) {
    throw new Error(`${name}_FILE names ${path}, which cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  if (text === "") throw new Error(`${name}_FILE names ${path}, which is empty`);
  return text;
}

/** The faults never repeat the value of a secret. */
function parse(name: string, setting: Setting, text: string): string | number | boolean {
  const shown = setting.secret ? "what is set" : JSON.stringify(text);
  const { min, max, oneOf } = setting;
  // A password may have blanks at its ends; a name or an address that has one was mistyped, and would be another one.
  const isWritten = setting.type === "url" || !setting.secret;
  if (isWritten && (text !== text.trim() || /\p{Cc}/u.test(text))) {
    throw new Error(`${name} begins or ends with a blank, or holds a control character: leave it out`);
  }
  if (oneOf && !oneOf.includes(text)) throw new Error(`${name} must be one of ${oneOf.join(", ")}, not ${shown}`);
  switch (setting.type) {
    case "flag":
      if (text !== "true" && text !== "false") throw new Error(`${name} must be true or false, not ${shown}`);
      return text === "true";
    case "integer": {
      const number = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
      if (!Number.isSafeInteger(number)) throw new Error(`${name} must be a whole number, not ${shown}`);
      if (number < (min ?? number) || number > (max ?? number)) {
        throw new Error(`${name} must be ${boundsOf(setting)}, not ${shown}`);
      }
      return number;
    }
    case "url":
      if (!URL.canParse(text)) throw new Error(`${name} must be a URL such as scheme://user:password@host:port/name`);
      return text;
    case "text":
      if (setting.pattern && !new RegExp(`^(?:${setting.pattern})$`).test(text)) {
        throw new Error(`${name} must match ${setting.pattern}, and is ${shown}`);
      }
      if (Buffer.byteLength(text) < (min ?? 0)) throw new Error(`${name} must be at least ${min} bytes long`);
      return text;
  }
}

function boundsOf({ min, max }: Setting): string {
  if (min !== undefined && max !== undefined) return `between ${min} and ${max}`;
  return min !== undefined ? `at least ${min}` : `at most ${max}`;
}
