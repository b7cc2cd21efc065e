/** Reads the times of a drop as people send them: an instant, or the time that clocks show in the drop's zone. */
import { type FieldFault, Problem, platformProblems } from "#platform/problems";
import { isZone } from "#platform/zone";
import { instantsOf } from "./zones.ts";

/** With an offset, so that it is one moment in every zone. */
const instant = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2})(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/** @throws Problem `validation` that says which times there are, where there is not exactly one. */
export function momentOf(text: string, zone: string, pointer: string): Date {
  if (!isZone(zone)) throw invalid("#/zone", `${zone} is not a time zone such as Europe/Berlin`);
  const [, minute] = instant.exec(text) ?? [];
  // JavaScript takes the 31st of February for the 3rd of March, and 24:00 for the next day.
  if (minute !== undefined && instantsOf(minute, "UTC")?.length === 1 && !Number.isNaN(Date.parse(text))) {
    return new Date(text);
  }
  const found = instantsOf(text, zone);
  if (!found) throw invalid(pointer, "send an instant, 2026-12-01T10:00:00Z, or a time of the zone, 2026-12-01T11:00");
  const [first, second] = found;
  if (first === undefined) {
    throw invalid(pointer, `clocks in ${zone} skip ${text} that day: they are put forward; choose another time`);
  }
  if (second !== undefined) {
    const instants = [first, second].map((at) => new Date(at).toISOString());
    const both = instants.join(" or ");
    throw invalid(pointer, `clocks in ${zone} show ${text} twice that day; send ${both}`, { instants });
  }
  return new Date(first);
}

export function invalid(pointer: string, detail: string, extra?: { instants: string[] }): Problem {
  const fault: FieldFault = { in: "body", pointer, detail };
  return new Problem(platformProblems.validation, detail, { errors: [fault], extra });
}
