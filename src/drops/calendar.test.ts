import assert from "node:assert/strict";
import { test } from "node:test";
import { calendarOf } from "./calendar.ts";

const drop = {
  dropId: "lamps",
  name: "Lamps; one, two\\three",
  story: `First line\nsecond ${"ä".repeat(80)}`,
  opensAt: new Date("2026-12-01T10:00:00.123Z"),
  closesAt: new Date("2026-12-02T10:00:00Z"),
  version: 7,
};

test("an entry is in UTC, its texts are escaped, and no line is longer than 75 bytes", () => {
  const text = calendarOf([drop], "shop.example", new Date("2026-11-26T12:00:00Z"));
  const lines = text.split("\r\n");
  assert.ok(lines.every((line) => Buffer.byteLength(line) <= 75));
  const unfolded = text.replaceAll("\r\n ", "").split("\r\n");
  assert.deepEqual(unfolded, [
    ...["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Dropgate//Drops//EN", "BEGIN:VEVENT", "UID:lamps@shop.example"],
    ...["SEQUENCE:7", "DTSTAMP:20261126T120000Z", "DTSTART:20261201T100000Z", "DTEND:20261202T100000Z"],
    "SUMMARY:Lamps\\; one\\, two\\\\three",
    `DESCRIPTION:First line\\nsecond ${"ä".repeat(80)}`,
    ...["END:VEVENT", "END:VCALENDAR", ""],
  ]);
});

test("a drop that was ended before it opened is a cancelled entry, which does not end before it begins", () => {
  const closesAt = new Date("2026-11-26T11:00:00Z");
  const text = calendarOf([{ ...drop, closesAt }], "shop.example", new Date("2026-11-26T12:00:00Z"));
  assert.match(text, /\r\nDTSTART:20261201T100000Z\r\nSTATUS:CANCELLED\r\n/);
  assert.doesNotMatch(text, /DTEND/);
});
