/** Moments as the clocks of a zone show them, in the form of a field for day and time. */
import { locale } from "../../lib/language.ts";

/** `2027-03-28T11:00`, with seconds only if there are some. */
export function wallTimeOf(moment: string | number, zone: string): string {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    ...({ year: "numeric", month: "2-digit", day: "2-digit" } as const),
    ...({ hour: "2-digit", minute: "2-digit", second: "2-digit" } as const),
  }).formatToParts(new Date(moment));
  const at = (type: Intl.DateTimeFormatPartTypes) => parts.find((part) => part.type === type)?.value ?? "";
  const seconds = at("second") === "00" ? "" : `:${at("second")}`;
  return `${at("year")}-${at("month")}-${at("day")}T${at("hour")}:${at("minute")}${seconds}`;
}

/** `Sun, 28 Mar 2027, 11:00 CEST` */
export function inZone(moment: string, zone: string): string {
  const day = { weekday: "short", day: "numeric", month: "short", year: "numeric" } as const;
  const time = { hour: "numeric", minute: "2-digit", timeZoneName: "short" } as const;
  return new Intl.DateTimeFormat(locale(), { timeZone: zone, ...day, ...time }).format(new Date(moment));
}

/** The zone of this browser first, and UTC, which browsers leave out of their list. */
export function zones(): string[] {
  return [...new Set([ownZone(), "UTC", ...Intl.supportedValuesOf("timeZone")])];
}

export function ownZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}
