/** Keeps the pictures of products, and tells by their first bytes which kind they are. */
import { createHash } from "node:crypto";
import type { Queryable } from "#engines/sql";

export const mediaTypes = ["image/webp", "image/png", "image/jpeg", "image/avif"] as const;
export type MediaType = (typeof mediaTypes)[number];

export const mostBytes = 1_048_576;

/**
 * undefined if the bytes are none of the four. An SVG is not among them: a browser that opens its address would run its
 * scripts as the shop's own.
 */
export function mediaTypeOf(bytes: Buffer): MediaType | undefined {
  const text = (from: number, to: number) => bytes.toString("latin1", from, to);
  if (text(0, 8) === "\x89PNG\r\n\x1a\n") return "image/png";
  if (text(0, 3) === "\xff\xd8\xff") return "image/jpeg";
  if (text(0, 4) === "RIFF" && text(8, 12) === "WEBP") return "image/webp";
  return text(4, 8) === "ftyp" && /^avi[fs]$/.test(text(8, 12)) ? "image/avif" : undefined;
}

/** Returns the picture's hash. The same bytes are kept once. */
export async function keepImage(sql: Queryable, bytes: Buffer, mediaType: MediaType): Promise<string> {
  const hash = createHash("sha256").update(bytes).digest("hex");
  await sql.query(
    "insert into catalog.image (hash, media_type, bytes) values ($1, $2, $3) on conflict (hash) do nothing",
    [hash, mediaType, bytes],
  );
  return hash;
}

export async function readImage(
  sql: Queryable,
  hash: string,
): Promise<{ mediaType: MediaType; bytes: Buffer } | undefined> {
  const [image] = await sql.query<{ mediaType: MediaType; bytes: Buffer }>(
    `select media_type as "mediaType", bytes from catalog.image where hash = $1`,
    [hash],
  );
  return image;
}
