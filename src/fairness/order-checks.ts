/** Checks whether units were sold to people without a place: the shop's count of ordered units beside those of the passes. */
import { type Check, fails, holds, unknown } from "./check.ts";
import type { Evidence } from "./record.ts";

/** So long after the drop's end, each pass that made an order is known as one. */
const knownAfterMs = 600_000;

export function checkOrders({ record: { ordered }, roster, served }: Evidence): Check {
  const beyond = served.find(({ place }) => place < 1 || place > roster.length);
  if (beyond)
    return fails("orders", `Place ${beyond.place} got a pass, and the roster has ${roster.length}: it is no person's.`);
  if (!ordered) return unknown("orders", "The shop tells after the drop's end how many units were ordered.");
  const taken = served.reduce((sum, { units = 0 }) => sum + units, 0);
  const told = `Units ordered while the drop was open, by the shop's own count: ${ordered.units}; units of the orders that passes of places made: ${taken}`;
  if (ordered.units <= taken) return holds("orders", `${told}.`);
  return ordered.atMs < ordered.untilMs + knownAfterMs
    ? unknown("orders", `${told} so far. All of these are known some minutes after the end.`)
    : fails("orders", `${told}. The difference went to people without a place.`);
}
