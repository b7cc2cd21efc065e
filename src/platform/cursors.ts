/** Cuts a list into pages: the cursor of a page names its last row, and the next page begins after that row. */
import { isUuid } from "./ids.ts";
import { Problem, platformProblems } from "./problems.ts";

/** Of rows that were read with one more than the page shows. `nextCursor` is null on the last page. */
export function pageOf<Row, Cursor>(rows: readonly Row[], limit: number, cursorOf: (last: Row) => Cursor) {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { shown, nextCursor: rows.length > limit && last !== undefined ? cursorOf(last) : null };
}

/** Names a row of a list in order of time; the id tells rows of the same moment apart. */
export function cursorAt(at: Date, id: string): string {
  return Buffer.from(`${at.getTime()} ${id}`).toString("base64url");
}

/** @throws Problem for a cursor that the list did not give out. */
export function readCursor(cursor: string): { at: Date; id: string } {
  // Fourteen digits end in the year 5138, well within PostgreSQL's range of times.
  const [, time, id = ""] = /^(\d{1,14}) (.*)$/.exec(Buffer.from(cursor, "base64url").toString()) ?? [];
  if (!isUuid(id)) throw unknownCursor();
  return { at: new Date(Number(time)), id };
}

export function unknownCursor(): Problem {
  return new Problem(platformProblems.validation, "cursor is not one that this list gave out", {
    errors: [{ in: "querystring", pointer: "#/cursor", detail: "take it from nextCursor" }],
  });
}
