/** Makes the options of every connection to PostgreSQL: its time limits, its types, and its error messages. */
import { messageOf } from "#platform/thrown";
import "./environment.ts";
import assert from "node:assert/strict";
import pg from "pg";
import { tlsAdvice } from "#platform/tls";

export const connectTimeoutMs = 5_000;

/** @throws when `url` is no URL; the message never holds it, because it may hold a password. */
export function connectionSettings(url: string, applicationName: string): pg.ClientConfig {
  if (!URL.canParse(url)) {
    throw new Error(
      `a database URL cannot be read; write it as postgresql://user:password@host:5432/name (${variables})`,
    );
  }
  return {
    connectionString: sessionUrl(url),
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    types: { getTypeParser },
  };
}

/**
 * The database and the user may have other defaults than these, on which the program relies, so every session sets
 * them. The statements are written for `read committed`, single ones too: they lock first and read afterwards, and
 * would fail under load as if they had met a conflict. pg reads times only in the style of ISO 8601, and takes others
 * for null; it writes a null within an array as NULL. `standard_conforming_strings` and `transform_null_equals` change what
 * a text or a comparison of a statement means. The last three are for plans that live as long as their connection: see
 * ADR 0088.
 */
export function sessionUrl(url: string): string {
  const told = new URL(url);
  const own = told.searchParams.get("options");
  told.searchParams.set("options", own === null ? ownDefaults : `${own} ${ownDefaults}`);
  return told.href;
}

const ownDefaults = [
  "default_transaction_isolation=read\\ committed",
  "datestyle=ISO",
  "array_nulls=on",
  "standard_conforming_strings=on",
  "transform_null_equals=off",
  "enable_seqscan=off",
  "jit=off",
  "max_parallel_workers_per_gather=0",
]
  .map((one) => `-c ${one}`)
  .join(" ");

/** Names the server that could not be reached and where its address is set, without the password. */
export function connectFailure(url: string, cause: unknown): Error {
  const { host, port, database, user, ssl } = new pg.Client({ connectionString: url });
  const how = ssl ? ", encrypted" : "";
  return new Error(
    `cannot connect to PostgreSQL at ${host}:${port}${how} (database ${database}, user ${user}): ` +
      `${adviceOn(cause)} Its address comes from ${variables}`,
    { cause },
  );
}

function adviceOn(cause: unknown): string {
  const handshake = tlsAdvice(cause, tlsSettings);
  if (handshake) return `${handshake}.`;
  const reason = reasonOf(cause);
  if (reason.endsWith("no encryption")) return `${reason}. Add ?sslmode=verify-full to the URL.`;
  if (reason.includes("does not support SSL")) return `${reason}. Turn its ssl on, or leave sslmode out of the URL.`;
  if (!(cause instanceof pg.DatabaseError)) return `${reason}. Is it running and reachable from here?`;
  return `${reason}. ${adviceByCode[cause.code ?? ""] ?? "It runs, and its own log may say more."}`;
}

/** The server runs, and its answer says what to look at. */
const adviceByCode: Readonly<Record<string, string>> = {
  "28P01": "Are user and password in the URL right?",
  "28000": "May this user connect from here? See the server's pg_hba.conf.",
  "3D000": "Make it first (create database), or correct its name in the URL.",
  "53100": "Its disk is full: free some space there.",
  "53300": "Raise max_connections of the server, or stop what else uses it.",
  "57P03": "It starts or stops: its own log says how far it is.",
};

const tlsSettings = {
  host: "the host in the URL",
  port: "the port in the URL",
  tls: "sslmode",
  ca: "sslrootcert in the URL",
};

const variables = "DATABASE_URL, or from a module's own *_DATABASE_URL";

/** Node tries every address of a name and then throws an AggregateError whose own message is empty. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join("; ");
  return messageOf(error);
}

const int8Oid = 20;
const int8ArrayOid = 1016;
const dateOid = 1082;
const textArrayOid: number = 1009;

/**
 * int8 becomes a number, because counts, offsets and minor units stay far below 2^53 and bigint mixes neither with
 * numbers nor with JSON; a larger value is a broken invariant, and is never rounded. A date stays the text
 * `2026-11-27`: pg would make it midnight in the time zone of this machine. numeric stays text, timestamptz becomes a
 * Date.
 */
const parsers = new Map<number, (text: string) => unknown>([
  [int8Oid, parseInt8],
  [int8ArrayOid, (text) => pg.types.getTypeParser(textArrayOid)(text).map(parseInt8)],
  [dateOid, (text) => text],
]);

export const getTypeParser: pg.CustomTypesConfig["getTypeParser"] = (oid: number, format?: "text" | "binary") =>
  parsers.get(oid) ?? pg.types.getTypeParser(oid, format);

function parseInt8(text: string | null): number | null {
  if (text === null) return null;
  const value = Number(text);
  assert.ok(Number.isSafeInteger(value), `the int8 ${text} does not fit a number; cast it to text in the statement`);
  return value;
}
