import assert from "node:assert/strict";
import { test } from "node:test";
import { csvLine } from "./csv.ts";

test("a cell is a text for a spreadsheet, whatever a person wrote", () => {
  for (const start of ["=", "+", "-", "@", "\t", "\r", "\n", "＝"]) {
    assert.match(csvLine([`${start}HYPERLINK(1)`]), /^"?'/, JSON.stringify(start));
  }
  assert.equal(csvLine(["a=b", "ada-1", "x@y.example"]), "a=b,ada-1,x@y.example\r\n");
  assert.equal(csvLine([-1, 4_999, null]), "-1,4999,\r\n");
});

test("quotes, commas and line breaks stay within their cell", () => {
  assert.equal(csvLine(['a "b", c', "d\ne", " f "]), '"a ""b"", c","d\ne"," f "\r\n');
});
