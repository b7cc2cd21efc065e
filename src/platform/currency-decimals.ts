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

/** For an amount in the currency's unit: `minor / 10 ** currencyDecimals(currency)`. */
export function currencyFormat(currency: string) {
  const decimals = currencyDecimals(currency);
  return { style: "currency", currency, minimumFractionDigits: decimals, maximumFractionDigits: decimals } as const;
}
