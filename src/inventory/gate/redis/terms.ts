/** How an offer and the terms of a sale are written in Redis and read back; `shared.lua` describes the texts. */
import type { Offer, Sale } from "../gate.ts";

export function offerArguments({ unitPriceMinor, currency, version, limitPerCustomer }: Offer): string[] {
  return [String(unitPriceMinor), currency, String(version), limitPerCustomer === null ? "" : String(limitPerCustomer)];
}

export function saleText({ version, opensAtMs, closesAtMs, paused, holdMs, dropId }: Sale): string {
  return [version, opensAtMs, closesAtMs, paused ? 1 : 0, holdMs, dropId].join("|");
}

export function saleFrom(text: string | undefined): Sale | null {
  if (!text) return null;
  const [version, opensAtMs, closesAtMs, paused, holdMs, dropId = ""] = text.split("|");
  const times = { opensAtMs: Number(opensAtMs), closesAtMs: Number(closesAtMs), holdMs: Number(holdMs) };
  return { dropId, paused: paused === "1", version: Number(version), ...times };
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
