/** Prices as people type them, and in the minor unit of their currency as the server keeps them. */
import { currencyDecimals } from "../../../../src/platform/currency-decimals.ts";

export function typedPrice(minor: number, currency: string): string {
  const decimals = currencyDecimals(currency);
  return (minor / 10 ** decimals).toFixed(decimals);
}

/** undefined if it is no amount, or has more decimals than the currency. A comma is as good as a point. */
export function minorOf(typed: string, currency: string): number | undefined {
  const decimals = currencyDecimals(currency);
  const [, whole = "", , part = ""] = /^(\d{1,12})([.,](\d{1,3}))?$/.exec(typed.trim()) ?? [];
  if (whole === "" || part.length > decimals) return undefined;
  return Number(whole + part.padEnd(decimals, "0"));
}
