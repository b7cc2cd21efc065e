import assert from "node:assert/strict";
import { test } from "node:test";
import { Problem } from "#platform/problems";
import { momentOf } from "./moments.ts";

const zone = "Europe/Berlin";

test("a time is an instant with its offset, or what clocks in the zone show", () => {
  for (const text of [
    ...["2028-02-29T10:00Z", "2028-02-29T10:00:00Z", "2028-02-29T10:00:00.000Z", "2028-02-29T11:00+01:00"],
    ...["2028-03-01T00:00:00+14:00", "2028-02-28T22:00-12:00", "2028-02-29T11:00"],
  ]) {
    assert.equal(momentOf(text, zone, "#/opensAt").toISOString(), "2028-02-29T10:00:00.000Z", text);
  }
});

test("a time that no calendar or clock has is refused at its field, and never taken for another one", () => {
  for (const text of [
    ...["2029-02-29T10:00Z", "2029-02-31T10:00:00Z", "2029-02-30T00:00:00+01:00", "2028-04-31T10:00:00.000Z"],
    ...["2028-12-31T24:00:00Z", "2028-12-31T23:59:60Z", "2028-12-31T23:60Z", "2028-13-01T00:00Z", "2028-00-01T00:00Z"],
    ...["2028-12-00T00:00Z", "2028-12-01T00:00+25:00", "2028-12-01T00:00+01:60", "2029-02-29T10:00", "tomorrow", ""],
  ]) {
    assert.throws(
      () => momentOf(text, zone, "#/opensAt"),
      (error) => error instanceof Problem && error.message.includes("send an instant"),
      text,
    );
  }
});
