/** Writes the position in a list of orders as its `nextCursor`, and reads it. */
import { isUuid } from "#platform/ids";
import { Problem, platformProblems } from "#platform/problems";
import type { Position } from "./search.ts";

/** Of a page that was read with one order more than it shows. */
export function pageOf<Row extends Position>(rows: readonly Row[], limit: number): { shown: Row[]; next?: string } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { shown, ...(rows.length > limit && last && { next: writeCursor(last) }) };
}

function writeCursor({ placedAt, orderId }: Position): string {
  return Buffer.from(`${placedAt.getTime()} ${orderId}`).toString("base64url");
}

/** null for the first page. */
export function readCursor(cursor: string | undefined): Position | null {
  if (cursor === undefined) return null;
  const text = Buffer.from(cursor, "base64url").toString();
  // Fourteen digits end in the year 5138, well within PostgreSQL's range of times.
  const [, time, orderId = ""] = /^(\d{1,14}) (.*)$/.exec(text) ?? [];
  if (!isUuid(orderId)) {
    throw new Problem(platformProblems.validation, "cursor is not one that this list gave out", {
      errors: [{ in: "querystring", pointer: "#/cursor", detail: "take it from nextCursor" }],
    });
  }
  return { placedAt: new Date(Number(time)), orderId };
}
