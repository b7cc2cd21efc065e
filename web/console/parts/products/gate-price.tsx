/** Whether the gate sells at the price that the shop shows: the same, another one, or none. */
import { money } from "../../../lib/amounts.ts";
import type { Product, Stock } from "../../api.ts";
import { Status } from "../status.tsx";

export function GatePrice({ product, stock }: { product: Product; stock: Stock }) {
  const { gatePrice } = stock;
  if (!gatePrice) return <Status tone="bad">Missing</Status>;
  const isSame = gatePrice.price === product.price && gatePrice.currency === product.currency;
  if (isSame) return <Status tone="ok">Same</Status>;
  return <Status tone="warn">{`Differs: ${money(gatePrice.price, gatePrice.currency)}`}</Status>;
}
