/** Loads the settings of this process: read once, checked together, frozen. */
import { ConfigError, type Environment, readEnvFile, readSettings } from "#platform/config";
import { unknownNames } from "#platform/setting-names";
import { databaseFaults, loopback, moduleDatabases, securityFaults } from "./faults.ts";
import { addressFaults, nameFaults } from "./name-faults.ts";
import { type GivenSettings, type Origins, settings } from "./settings.ts";
import { namesOf } from "./shop-names.ts";

export type Profile = Readonly<Record<"sql" | "gate" | "log" | "workflows", "embedded" | "real">>;

export type Config = Omit<GivenSettings, "TRUST_USER_HEADER"> & {
  readonly TRUST_USER_HEADER: boolean;
  /** Which engine each part runs on: a part is real as soon as its address is set. */
  readonly profile: Profile;
  /** The source of each value, for `--print-config`. */
  readonly origins: Origins;
  /** Likely mistakes, in sentences. They forbid nothing. */
  readonly warnings: readonly string[];
};

/** @throws ConfigError that lists everything wrong at once. */
export function readConfig(environment: Environment = process.env, envFile = ".env"): Config {
  const file = readEnvFile(envFile);
  const { values, origins, faults } = readSettings(settings, environment, file.values);
  const warnings = [...file.warnings, ...unknownNames(settings, environment, file.values), ...quoted(environment)];
  warnings.push(...insecurePages(values));
  const profile = profileOf(values);
  const allEmbedded = isAllEmbedded(profile);
  // A value that is wrong in itself has a sentence already.
  const names = { ...values, ...namesOf(values, origins) };
  if (faults.length === 0) faults.push(...nameFaults(names), ...addressFaults(values));
  faults.push(...databaseFaults(values), ...securityFaults(values));
  const isSecretTold = origins.JWT_SECRET !== "unset" || faults.some((fault) => fault.startsWith("JWT_"));
  if (!allEmbedded && !isSecretTold) {
    faults.push("JWT_SECRET is missing: beside real engines it must be set, at least 32 random bytes");
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return Object.freeze({
    ...names,
    ...Object.fromEntries(moduleDatabases.map((name) => [name, values[name] ?? values.DATABASE_URL])),
    REPORTS_DATABASE_URL: values.REPORTS_DATABASE_URL ?? values.ORDERS_DATABASE_URL ?? values.DATABASE_URL,
    TRUST_USER_HEADER: values.TRUST_USER_HEADER ?? allEmbedded,
    profile,
    origins,
    warnings,
  });
}

/** Whether browsers treat the address as secure: by https, or because it never leaves the machine. */
export function isSecure(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || loopback.has(hostname);
}

/**
 * The hosts that requests may name; undefined: any. On the embedded default a caller needs no proof to be a customer, and a
 * foreign page can make its own name lead to 127.0.0.1, so that a browser takes this shop for a part of that page.
 */
export function hostsOf({ profile, HOST, PUBLIC_URL }: Config): ReadonlySet<string> | undefined {
  if (!isAllEmbedded(profile) || !loopback.has(HOST)) return undefined;
  return new Set([...loopback, ...(PUBLIC_URL === undefined ? [] : [new URL(PUBLIC_URL).hostname])]);
}

/** The part of the settings that the pages' headers depend on. */
export function pageOptions({ PUBLIC_URL: publicUrl, PAYMENT_PROVIDER }: Config) {
  return { publicUrl, stripe: PAYMENT_PROVIDER === "stripe" };
}

/** On the embedded default, at an address that other machines do not reach, for a shop that believes X-User-Id. */
export function offersDemoPeople({ profile, HOST, TRUST_USER_HEADER }: Config): boolean {
  return isAllEmbedded(profile) && TRUST_USER_HEADER && loopback.has(HOST);
}

function isAllEmbedded(profile: Profile): boolean {
  return Object.values(profile).every((engine) => engine === "embedded");
}

function insecurePages({ PUBLIC_URL }: GivenSettings): string[] {
  if (PUBLIC_URL === undefined || isSecure(PUBLIC_URL)) return [];
  return ["PUBLIC_URL is plain http: every network on the way can read and take over the sessions, so use https"];
}

/** `docker run --env-file` passes quotes on as a part of the value. */
function quoted(environment: Environment): string[] {
  const names = Object.keys(settings).filter((name) => /^(["']).*\1$/s.test(environment[name] ?? ""));
  return names.map(
    (name) => `${name} in the environment has quotes around its value, which belong to it there: leave them out`,
  );
}

function profileOf(values: GivenSettings): Profile {
  const engine = (address: string | undefined) => (address === undefined ? "embedded" : "real");
  return Object.freeze({
    sql: engine(values.DATABASE_URL),
    gate: engine(values.REDIS_HOST),
    log: engine(values.KAFKA_BOOTSTRAP),
    workflows: engine(values.TEMPORAL_ADDRESS),
  });
}
