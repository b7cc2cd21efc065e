/** Checks settings against each other, and says what is wrong and what to set. */
import { parseNetwork } from "#platform/address";
import { readCaFile } from "#platform/tls";
import type { GivenSettings } from "./settings.ts";

/** The names and addresses of this machine, as they are in a setting and in a URL. */
export const loopback: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "::1", "[::1]"]);

export const moduleDatabases = [
  "CATALOG_DATABASE_URL",
  "INVENTORY_DATABASE_URL",
  "ORDERS_DATABASE_URL",
  "DROPS_DATABASE_URL",
  "ROOM_DATABASE_URL",
  "PAYMENT_DATABASE_URL",
  "IDENTITY_DATABASE_URL",
  "NOTIFICATIONS_DATABASE_URL",
  "DESK_DATABASE_URL",
  "WAREHOUSE_DATABASE_URL",
] as const;

const databases = ["DATABASE_URL", ...moduleDatabases, "REPORTS_DATABASE_URL"] as const;

export function databaseFaults(values: GivenSettings): string[] {
  const faults: string[] = [];
  for (const name of databases) {
    if (values[name] && !values.DATABASE_URL) {
      faults.push(`${name} is set but DATABASE_URL is not: set it too, everything else is kept there`);
    }
    if (!values[name]) continue;
    const { protocol, searchParams } = new URL(values[name]);
    if (!/^postgres(ql)?:$/.test(protocol)) faults.push(`${name} begins with postgres://`);
    faults.push(...sslFaults(name, searchParams));
  }
  if (values.INVENTORY_DATABASE_URL !== values.ORDERS_DATABASE_URL) {
    faults.push(
      "INVENTORY_DATABASE_URL and ORDERS_DATABASE_URL differ: one transaction settles both, give them one database",
    );
  }
  return faults;
}

/**
 * `prefer`, `require` and `verify-ca` differ between PostgreSQL's own programs and pg 8, which takes them for
 * `verify-full` with a warning; in pg 9 they will check less. pg ignores a parameter that it does not know.
 */
function sslFaults(name: string, parameters: URLSearchParams): string[] {
  // pg takes the last of a repeated parameter, and so does this.
  const { sslmode: mode, sslrootcert: ca, ...others } = Object.fromEntries(parameters);
  const faults: string[] = [];
  const unknown = Object.keys(others).filter((key) => /^ssl/i.test(key) && !/^ssl(cert|key|negotiation)$/.test(key));
  if (unknown.length > 0) {
    faults.push(`${name} has ${unknown.join(" and ")}, which may encrypt nothing: write sslmode=verify-full`);
  }
  if (mode !== undefined && !["disable", "no-verify", "verify-full"].includes(mode)) {
    faults.push(
      `${name} has sslmode=${mode}, which programs understand in different ways: write verify-full, which checks ` +
        "certificate and host, or no-verify, which only encrypts, or disable",
    );
  }
  if ("uselibpqcompat" in others) {
    faults.push(`${name} has uselibpqcompat, which weakens sslmode: leave it out and write sslmode=verify-full`);
  }
  if (ca === undefined) return faults;
  if (mode === "disable" || mode === "no-verify") {
    faults.push(`${name} has an sslrootcert that sslmode=${mode} does not check: write sslmode=verify-full`);
  }
  return [...faults, ...caFaults(`sslrootcert in ${name}`, ca)];
}

export function securityFaults(values: GivenSettings): string[] {
  const faults: string[] = [];
  for (const engine of ["REDIS", "KAFKA"] as const) {
    const file = values[`${engine}_CA_FILE`];
    if (file === undefined) continue;
    if (!values[`${engine}_TLS`]) {
      faults.push(`${engine}_CA_FILE is set but ${engine}_TLS is not: set it to true, else nothing is encrypted`);
    }
    faults.push(...caFaults(`${engine}_CA_FILE`, file));
  }
  if (values.REDIS_USERNAME && !values.REDIS_PASSWORD) {
    faults.push("REDIS_USERNAME is set but REDIS_PASSWORD is not: set both");
  }
  if (values.MANAGEMENT_PORT !== undefined && values.MANAGEMENT_PORT === values.PORT && values.PORT !== 0) {
    faults.push("MANAGEMENT_PORT is the same as PORT: take another one, or leave it out");
  }
  if ((values.SMTP_URL === undefined) !== (values.MAIL_FROM === undefined)) {
    faults.push("SMTP_URL and MAIL_FROM belong together: set both");
  }
  if (values.SMTP_URL !== undefined && !/^smtps?:$/.test(new URL(values.SMTP_URL).protocol)) {
    faults.push("SMTP_URL begins with smtps:// or smtp://");
  }
  if (values.PUBLIC_URL !== undefined && !/^https?:$/.test(new URL(values.PUBLIC_URL).protocol)) {
    faults.push("PUBLIC_URL is what browsers open: begin it with https://");
  }
  return [
    ...faults,
    ...issuerFaults(values),
    ...loginFaults(values),
    ...proxyFaults(values.TRUST_PROXY),
    ...stripeFaults(values),
    ...webhookSecretFaults(values.PAYMENT_WEBHOOK_SECRET),
    ...beaconFaults(values.BEACON_URLS),
  ];
}

const leastWebhookKeyBytes = 16;

/** Standard Webhooks writes keys so. Signs that are not base64 are left out of the key. A stranger can sign by an empty one. */
function webhookSecretFaults(secret = ""): string[] {
  const prefix = "whsec_";
  if (!secret.startsWith(prefix)) return [];
  const bytes = Buffer.from(secret.slice(prefix.length), "base64").length;
  return bytes >= leastWebhookKeyBytes
    ? []
    : [
        `PAYMENT_WEBHOOK_SECRET begins with ${prefix}, so what follows is a key in base64; it has ${bytes} bytes and needs ` +
          `${leastWebhookKeyBytes}: write a longer key, or another beginning`,
      ];
}

/** Without `PUBLIC_URL` a buyer whose bank asks them could not come back. */
const neededByStripe = ["STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY", "STRIPE_WEBHOOK_SECRET", "PUBLIC_URL"] as const;

function stripeFaults(values: GivenSettings): string[] {
  if (values.PAYMENT_PROVIDER !== "stripe") {
    const ofStripe = neededByStripe.filter((name) => name !== "PUBLIC_URL");
    const given = [...ofStripe, "STRIPE_API_URL" as const].filter((name) => values[name]);
    return given.map((name) => `${name} is set but PAYMENT_PROVIDER is not stripe: set both, or leave it out`);
  }
  const faults = neededByStripe
    .filter((name) => !values[name])
    .map((name) => `PAYMENT_PROVIDER=stripe needs ${name}: set it too`);
  const modes = [values.STRIPE_SECRET_KEY, values.STRIPE_PUBLISHABLE_KEY].map((key) => key?.split("_")[1]);
  if (modes[0] && modes[1] && modes[0] !== modes[1]) {
    faults.push(
      "STRIPE_SECRET_KEY and STRIPE_PUBLISHABLE_KEY are of different modes: take both of test or both of live",
    );
  }
  if (values.STRIPE_API_URL === undefined) return faults;
  const { protocol, hostname } = new URL(values.STRIPE_API_URL);
  if (protocol !== "https:" && !(protocol === "http:" && loopback.has(hostname))) {
    faults.push("STRIPE_API_URL begins with https://; plain http is for a fake on this machine");
  }
  return faults;
}

function issuerFaults(values: GivenSettings): string[] {
  const { OIDC_ISSUER: issuer } = values;
  if (issuer === undefined) {
    const given = (["OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_ROLES_CLAIM", "OIDC_TRUST_EMAIL"] as const).filter(
      (name) => values[name],
    );
    return given.map((name) => `${name} is set but OIDC_ISSUER is not: set both`);
  }
  const faults: string[] = [];
  if (!values.OIDC_CLIENT_ID) faults.push("OIDC_ISSUER is set but OIDC_CLIENT_ID is not: set both");
  const { protocol, hostname } = new URL(issuer);
  // A name on the way to an issuer without TLS could sign in any person.
  if (protocol !== "https:" && !(protocol === "http:" && loopback.has(hostname))) {
    faults.push("OIDC_ISSUER begins with https://; plain http is for an issuer on this machine");
  }
  return faults;
}

/** A list of proxies with a mistake would trust every caller or none, so each entry must be an address or a network. */
function proxyFaults(trusted: string | undefined): string[] {
  const wrong = trusted?.split(",").filter((entry) => !parseNetwork(entry)) ?? [];
  return wrong.map((entry) => `TRUST_PROXY has ${JSON.stringify(entry)}, which is no address and no network`);
}

/** Values are checked by their signatures, so TLS only keeps the request private; a plain http server is still a mistake. */
function beaconFaults(urls: string | undefined): string[] {
  const wrong = urls?.split(",").filter((entry) => {
    const { protocol, hostname } = URL.parse(entry) ?? {};
    return protocol !== "https:" && !(protocol === "http:" && loopback.has(hostname ?? ""));
  });
  return (wrong ?? []).map((entry) => `BEACON_URLS has ${JSON.stringify(entry)}: each begins with https://`);
}

function loginFaults(values: GivenSettings): string[] {
  const login = ["KAFKA_SASL_MECHANISM", "KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD"] as const;
  const absent = login.filter((name) => !values[name]);
  const faults: string[] = [];
  if (absent.length > 0 && absent.length < login.length) {
    const given = login.filter((name) => values[name]);
    faults.push(`${given.join(" and ")} set without ${absent.join(" and ")}: a login needs all three`);
  }
  if (values.KAFKA_SASL_MECHANISM === "PLAIN" && !values.KAFKA_TLS) {
    faults.push("KAFKA_SASL_MECHANISM=PLAIN sends the password readable: set KAFKA_TLS=true, or take SCRAM-SHA-512");
  }
  return faults;
}

function caFaults(name: string, path: string): string[] {
  try {
    readCaFile(path);
    return [];
  } catch (error) {
    return [`${name} names ${path}, ${(error as Error).message}`];
  }
}
