/** Money, moments and spans as people write them in the current language. */
import { currencyDecimals, currencyFormat, sumAmongWords } from "../../src/platform/currency-decimals.ts";
import { spelledCodeOf } from "../../src/platform/short-codes.ts";
import { currentLanguage, locale } from "./language.ts";

export function money(minor: number, currency: string): string {
  const text = new Intl.NumberFormat(locale(), currencyFormat(currency)).format(
    minor / 10 ** currencyDecimals(currency),
  );
  return sumAmongWords(text, currentLanguage());
}

export function count(value: number, leastDigits = 1): string {
  return new Intl.NumberFormat(locale(), { minimumIntegerDigits: leastDigits }).format(value);
}

export function timeOfDay(moment: string | number): string {
  return new Intl.DateTimeFormat(locale(), { timeStyle: "medium" }).format(new Date(moment));
}

export function dayAndTime(moment: string | number): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(new Date(moment));
}

/** To the second, where the order of things matters. */
export function exactTime(moment: string | number): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "medium" }).format(new Date(moment));
}

/** Of the visitor's zone, which it names. */
export function dayTimeAndZone(moment: string | number): string {
  const day = { weekday: "long", day: "numeric", month: "long" } as const;
  const time = { hour: "numeric", minute: "2-digit", timeZoneName: "short" } as const;
  return new Intl.DateTimeFormat(locale(), { ...day, ...time }).format(new Date(moment));
}

/** `5 minutes`, or `90 seconds`. */
export function duration(seconds: number): string {
  const unit = seconds % 60 === 0 ? "minute" : "second";
  const amount = unit === "minute" ? seconds / 60 : seconds;
  return new Intl.NumberFormat(locale(), { style: "unit", unit, unitDisplay: "long" }).format(amount);
}

/** `12 sec ago`, `3 min ago` or `2 hr ago`: in whole ones. */
export function timeAgo(ageMs: number): string {
  const [unit, unitMs] = ageMs < 60_000 ? (["second", 1_000] as const) : longerUnit(ageMs);
  return new Intl.RelativeTimeFormat(locale(), { style: "short" }).format(-Math.floor(ageMs / unitMs), unit);
}

function longerUnit(ageMs: number) {
  return ageMs < 3_600_000 ? (["minute", 60_000] as const) : (["hour", 3_600_000] as const);
}

const dayMs = 86_400_000;

/** `12:34`, `1:02:03`, or, from two days on, the days alone. */
export function longClockText(leftMs: number): string {
  if (leftMs < 2 * dayMs) return clockText(leftMs);
  const inDays = { style: "unit", unit: "day", unitDisplay: "long" } as const;
  return new Intl.NumberFormat(locale(), inDays).format(Math.floor(leftMs / dayMs));
}

/** `12:34`, or `1:02:03`. */
export function clockText(leftMs: number): string {
  const seconds = Math.max(0, Math.ceil(leftMs / 1000));
  const hours = Math.floor(seconds / 3600);
  const parts = [Math.floor((seconds % 3600) / 60), seconds % 60];
  const rest = parts.map((part) => count(part, 2)).join(":");
  return hours > 0 ? `${count(hours)}:${rest}` : rest;
}

/** Of an order, to be read out. A mistyped address stays as it is. */
export function shortCode(orderId: string): string {
  return /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(orderId) ? spelledCodeOf(orderId) : orderId;
}
