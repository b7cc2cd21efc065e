/** How many units one person may hold, and the drops in which that can be kept. */
import type { DropFields } from "./drop-rows.ts";
import { invalid } from "./moments.ts";

type Limited = Pick<DropFields, "limitPerPerson" | "entry" | "products">;

/**
 * The gate counts each product by itself. One order a person, as a line and a draw give, makes that the limit of the drop.
 * @throws Problem `validation`
 */
export function fittingLimit<T extends Limited>(drop: T): T {
  if (drop.limitPerPerson === null || drop.entry !== "open" || drop.products.length === 1) return drop;
  throw invalid(
    "#/limitPerPerson",
    "over several products it is kept by passes: send entry line or draw, or a limitPerCustomer with each product",
  );
}
