/**
 * The digits behind the decimal point of prices, by ISO 4217. `Intl` is no source for them: it has habits of display, which
 * differ for some currencies (0 for HUF and IQD, where the standard has 2 and 3).
 */
const otherThanTwo: Record<string, number> = {};
for (const code of "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(" ")) otherThanTwo[code] = 0;
for (const code of "BHD IQD JOD KWD LYD OMR TND".split(" ")) otherThanTwo[code] = 3;

export function currencyDecimals(code: string): number {
  return otherThanTwo[code] ?? 2;
}

/**
 * A sum as `Intl` writes it, to stand in a sentence. Between Arabic words the sign of `US$` would go to the wrong end of it:
 * such a name is written apart, left to right.
 */
export function sumAmongWords(sum: string, language: string): string {
  return language === "ar" ? sum.replace(/[A-Z]\S+/, "\u2066$&\u2069") : sum;
}

/** For an amount in the currency's unit: `minor / 10 ** currencyDecimals(currency)`. */
export function currencyFormat(currency: string) {
  const decimals = currencyDecimals(currency);
  return { style: "currency", currency, minimumFractionDigits: decimals, maximumFractionDigits: decimals } as const;
}
