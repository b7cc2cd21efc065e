/** Writes lines of CSV (RFC 4180) that a spreadsheet shows as they are. */

/**
 * A spreadsheet runs a cell that begins so as a formula, which may send the sheet to a stranger. An apostrophe before it
 * makes it a text (OWASP, CSV injection).
 */
const formula = /^[=+\-@\t\r\n＝＋－＠]/;
const needsQuotes = /[",\r\n]|^\s|\s$/;

/** A number is written as it is: no text of a person is in it. */
export function csvLine(cells: readonly (string | number | null)[]): string {
  return `${cells.map(cellOf).join(",")}\r\n`;
}

function cellOf(cell: string | number | null): string {
  if (cell === null) return "";
  if (typeof cell === "number") return String(cell);
  const text = formula.test(cell) ? `'${cell}` : cell;
  return needsQuotes.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
