/**
 * Converts amounts between ISO 4217 minor units, which the shop counts in, and the units of Stripe's API. They are the
 * same for almost every currency. Source of the exceptions: Stripe's page on currencies, "Zero-decimal" and "Special cases".
 */

/** The standard has no decimals for them, and Stripe counts in hundredths, of which only whole units can be charged. */
const countedInHundredths: ReadonlySet<string> = new Set(["ISK", "UGX"]);

/** The standard has two decimals for it, and Stripe none. */
const countedInWholeUnits: ReadonlySet<string> = new Set(["MGA"]);

/** Cards are charged in hundredths, so that the last of the three digits must be 0. */
const threeDecimals: ReadonlySet<string> = new Set(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]);

/** undefined if no card can be charged with exactly this amount. */
export function toStripe(amountMinor: number, currency: string): number | undefined {
  if (countedInHundredths.has(currency)) return amountMinor * 100;
  if (countedInWholeUnits.has(currency)) return amountMinor % 100 === 0 ? amountMinor / 100 : undefined;
  if (threeDecimals.has(currency) && amountMinor % 10 !== 0) return undefined;
  return amountMinor;
}

/** `currency` as Stripe writes it, in small letters. */
export function fromStripe(amount: number, currency: string): number {
  const code = currency.toUpperCase();
  if (countedInHundredths.has(code)) return amount / 100;
  return countedInWholeUnits.has(code) ? amount * 100 : amount;
}
