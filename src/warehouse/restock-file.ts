/** Reads the rows of a restock file: code, quantity and reason, divided by commas or semicolons (RFC 4180). */
import { plural } from "#platform/plural";
import { lineOrEmpty } from "#platform/wire";

export type RestockRow = { line: number } & (
  | { ok: true; code: string; quantity: number; reason: string }
  | { ok: false; error: string }
);

export const mostRows = 500;
const mostUnits = 1_000_000_000;
const withoutReason = "delivery";
const longestReason = 200;
const longestCode = 128;
const aLine = new RegExp(lineOrEmpty, "u");
/** A quantity that a person wrote as 1,000 is read as the quantity 1 and the reason 000. */
const groupedQuantity = /,\s*(\d{1,3},(\d{3}))\s*$/;

/** The lines of a file; the last one may have no line break. */
export function linesOf(text: string): string[] {
  const lines = text.replace(/^\ufeff/, "").split(/\r\n|\n|\r/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** Empty lines, and a first one with the names of the columns, are left out. */
export function readRows(lines: readonly string[]): RestockRow[] {
  const separator = separatorOf(lines);
  let columns = 3;
  return lines.flatMap((text, i): RestockRow[] => {
    const line = i + 1;
    if (text.trim() === "") return [];
    const cells = cellsOf(text, separator);
    if (typeof cells === "string") return [{ line, ok: false, error: cells }];
    if (line === 1 && isNames(cells)) {
      columns = cells.length;
      return [];
    }
    const [, grouped, reason] = (separator === "," && groupedQuantity.exec(text)) || [];
    if (grouped !== undefined) {
      const error = `Its quantity seems to be ${grouped}. Write it without a comma; a reason of digits, in quotation marks: "${reason}".`;
      return [{ line, ok: false, error }];
    }
    return [{ line, ...rowOf(cells, columns) }];
  });
}

function rowOf(
  cells: readonly string[],
  columns: number,
): RestockRow extends infer R ? (R extends R ? Omit<R, "line"> : never) : never {
  const [code = "", quantity = "", reason = ""] = cells;
  if (cells.length < 2 || cells.length > 3) {
    return {
      ok: false,
      error: `It has ${plural(cells.length, "cell", "cells")}. Write code, quantity and, if you like, a reason.`,
    };
  }
  if (cells.length > columns) {
    return { ok: false, error: `It has ${cells.length} cells, and the first line of the file names ${columns}.` };
  }
  if (code === "" || code.length > longestCode || /[\p{Cc}\p{Cs}]/u.test(code)) {
    return { ok: false, error: "Its first cell is no code. Write a barcode or a product's id." };
  }
  if (!/^\d{1,10}$/.test(quantity) || Number(quantity) < 1 || Number(quantity) > mostUnits) {
    return { ok: false, error: `Its quantity is "${quantity.slice(0, 20)}". Write a whole number from 1 on.` };
  }
  if (reason.length > longestReason || !aLine.test(reason)) {
    return { ok: false, error: `Its reason is longer than ${longestReason} characters, or has others than text.` };
  }
  return { ok: true, code, quantity: Number(quantity), reason: reason || withoutReason };
}

function isNames([code = "", quantity = ""]: readonly string[]): boolean {
  return /^(code|barcode|product|productid)$/i.test(code) && !/^\d+$/.test(quantity);
}

/** Programs of some countries write semicolons. */
function separatorOf(lines: readonly string[]): string {
  const [first = ""] = lines;
  return first.includes(";") && !first.includes(",") ? ";" : ",";
}

/** The cells of a line, or in a sentence why it has none. */
function cellsOf(text: string, separator: string): string[] | string {
  const cells: string[] = [];
  let at = 0;
  while (at <= text.length) {
    if (text[at] === '"') {
      const end = closingQuote(text, at + 1);
      if (end === -1) return "A quotation mark is not closed on its line.";
      cells.push(
        text
          .slice(at + 1, end)
          .replaceAll('""', '"')
          .trim(),
      );
      if (end + 1 < text.length && text[end + 1] !== separator) return "Text follows a closing quotation mark.";
      at = end + 2;
      if (end + 1 === text.length) return cells;
      continue;
    }
    const next = text.indexOf(separator, at);
    cells.push(text.slice(at, next === -1 ? undefined : next).trim());
    if (next === -1) return cells;
    at = next + 1;
  }
  return cells;
}

function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at !== -1; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') return at;
  }
  return -1;
}
