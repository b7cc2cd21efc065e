/** At rest the gate sells at the price, and by the limit, that the books have as the newest. */
import type { Price } from "./evidence.ts";
import { law } from "./law.ts";

export const pricesThatGateAndBooksDisagreeAbout = law({
  name: "prices that gate and books disagree about",
  says: "at rest the gate sells at the newest price of the books",
  about: "money",
  holds: "at rest",
  reads: ["prices", "gate"],
  breaches: ({ prices, gate }) =>
    prices.flatMap((inBooks) => {
      const { productId } = inBooks;
      const reading = gate.find((one) => one.productId === productId);
      // A closed gate has its own law.
      if (!reading?.isOpen || reading.price === undefined) return [];
      const [has, should] = [textOf(reading.price), textOf(inBooks)];
      return has === should ? [] : [{ count: 1, shows: `${productId}: the gate has ${has}, the books ${should}` }];
    }),
});

function textOf(price: Price | null): string {
  if (!price) return "no price";
  const { unitPriceMinor, currency, limitPerCustomer, version } = price;
  return `${unitPriceMinor} ${currency}, limit ${limitPerCustomer}, version ${version}`;
}
