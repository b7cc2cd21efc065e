/** How an offer and the terms of a sale are written in Redis and read back; `shared.lua` describes the texts. */
import type { Offer, Sale } from "../gate.ts";

export function offerArguments({ unitPriceMinor, currency, version, limitPerCustomer }: Offer): string[] {
  return [String(unitPriceMinor), currency, String(version), limitPerCustomer === null ? "" : String(limitPerCustomer)];
}

export function saleText(sale: Sale): string {
  const { version, opensAtMs, closesAtMs, paused, holdMs, dropId, entry, latchAfterSoldOut, limitPerPerson } = sale;
  const people = [dropId, entry === "pass" ? 1 : 0, latchAfterSoldOut ? 1 : 0];
  // Left out if there is none: a process of an earlier version does not read it.
  const limit = limitPerPerson === null ? [] : [limitPerPerson];
  return [version, opensAtMs, closesAtMs, paused ? 1 : 0, holdMs, ...people, ...limit].join("|");
}

export function saleFrom(text: string | undefined): Sale | null {
  if (!text) return null;
  const [version, opensAtMs, closesAtMs, paused, holdMs, dropId = "", needsPass, latches, limit] = text.split("|");
  const times = { opensAtMs: Number(opensAtMs), closesAtMs: Number(closesAtMs), holdMs: Number(holdMs) };
  const people = { entry: needsPass === "1" ? "pass" : "open", latchAfterSoldOut: latches === "1" } as const;
  const limitPerPerson = limit ? Number(limit) : null;
  return { dropId, paused: paused === "1", version: Number(version), limitPerPerson, ...times, ...people };
}

export function offerFrom(
  unitPrice: string | undefined,
  currency: string | undefined,
  version: string | undefined,
  limit: string | undefined,
): Offer | null {
  if (!unitPrice) return null;
  return {
    unitPriceMinor: Number(unitPrice),
    currency: currency ?? "",
    limitPerCustomer: limit ? Number(limit) : null,
    version: Number(version),
  };
}
