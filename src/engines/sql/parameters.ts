/** Writes parameters of a statement as the text that PostgreSQL reads. Arrays of thousands are the most of it. */
import { isoTime } from "#platform/iso-time";

/** Bytes go as they are; objects go as JSON. @throws RangeError for an impossible date. */
export function parameterOf(value: unknown): string | Buffer | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return arrayOf(value);
  if (value instanceof Date) return momentOf(value);
  if (Buffer.isBuffer(value)) return value;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function arrayOf(values: readonly unknown[]): string {
  let text = "{";
  for (let i = 0; i < values.length; i += 1) {
    if (i > 0) text += ",";
    text += elementOf(values[i]);
  }
  return `${text}}`;
}

function elementOf(value: unknown): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") return String(value);
  if (value === null || value === undefined) return "NULL";
  if (Array.isArray(value)) return arrayOf(value);
  if (value instanceof Date) return quoted(momentOf(value));
  if (value instanceof Uint8Array) return `"\\\\x${Buffer.from(value).toString("hex")}"`;
  return quoted(JSON.stringify(value));
}

const special = /["\\]/g;

function quoted(text: string): string {
  return text.includes('"') || text.includes("\\") ? `"${text.replace(special, "\\$&")}"` : `"${text}"`;
}

/** The years before 1 and after 9999 are not written as in ISO 8601. */
function momentOf(date: Date): string {
  const text = isoTime(date.getTime());
  if (text.startsWith("+")) return text.slice(1).replace(/^0+/, "");
  const year = date.getUTCFullYear();
  if (year > 0) return text;
  return `${String(1 - year).padStart(4, "0")}${text.slice(text.indexOf("-", 1))} BC`;
}
