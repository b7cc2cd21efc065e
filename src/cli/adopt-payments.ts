/** `dropgate payments`: shows which payments the provider has and the books do not, and adopts them with `--yes`. */
import { systemClock } from "#platform/clock";
import { plural } from "#platform/plural";
import { type Ask, Refused } from "./ask.ts";

type Charge = {
  orderId: string;
  providerRef: string;
  status: string;
  amount: number;
  currency: string;
  at: string;
  becomes: "paid" | "given_back" | "unknown";
};

const says: Record<Charge["becomes"], string> = {
  paid: "pays its order",
  given_back: "is given back: its order has ended without it",
  unknown: "BY HAND: neither the books nor the log have its order; look at it at the provider",
};

/** Returns whether nothing is left that a person must look at. @throws Refused unless `since` is a moment. */
export async function adoptPayments(
  ask: Ask,
  { since, yes }: { since: string; yes: boolean },
  print: (line: string) => void,
): Promise<boolean> {
  const moment = new Date(momentOf(since)).toISOString();
  const body = { since: moment, apply: yes };
  const shown = new Set<string>();
  let own = 0;
  /** One answer adopts some thousands. Returns whether it had payments that none had before. */
  async function askOnce(): Promise<boolean> {
    const { charges } = (await ask("POST", "/admin/orders/payments/adopt", body)) as { charges: Charge[] };
    const before = own;
    for (const { at, orderId, providerRef, status, amount, currency, becomes } of charges) {
      if (shown.has(providerRef)) continue;
      shown.add(providerRef);
      if (becomes !== "unknown") own += 1;
      print(`${at}  order ${orderId}  ${providerRef}  ${status}  ${amount} ${currency}  ${says[becomes]}`);
    }
    return own > before;
  }
  for (let more = true; more; ) more = (await askOnce()) && yes;
  if (own === 0) print("The books have every payment of their orders.");
  else if (yes) print(`${plural(own, "payment is", "payments are")} adopted.`);
  else
    print(
      `\nNothing was changed. To adopt ${plural(own, "payment", "payments")}: dropgate payments --since ${moment} --yes`,
    );
  return shown.size === own;
}

/** As ISO 8601 or as PostgreSQL prints it, with the offset. */
const written = /^(\d{4}-\d\d-\d\d)[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)$/i;

/**
 * Takes only what can be read in one way: `Date.parse` also takes "5", 31 February, and a time without an offset, which it
 * reads in the zone of this machine. With a later moment than was meant, payments would be overlooked.
 */
function momentOf(since: string): number {
  const sinceMs = Date.parse(since);
  const day = written.exec(since)?.[1];
  const isDay = day !== undefined && new Date(`${day}T00:00:00Z`).getUTCDate() === Number(day.slice(8));
  if (!isDay || Number.isNaN(sinceMs)) {
    throw new Refused(`--since ${since} is no moment: write it with its offset, as 2026-11-27T08:00:00Z`);
  }
  if (sinceMs > systemClock.nowMs())
    throw new Refused(`--since ${since} is not over yet: payments from before it are not found`);
  return sinceMs;
}
