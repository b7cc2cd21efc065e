/** The law: what must be 0 wherever anything dies. */
import type { Evidence } from "../evidence.ts";
import type { Breach } from "./law.ts";
import { moneyLaws } from "./money.ts";
import { orderLaws } from "./orders.ts";
import { unitLaws } from "./units.ts";

export const laws = [...unitLaws, ...moneyLaws, ...orderLaws];

export type Judgement = { law: string; breaches: Breach[] };

/** Those laws that the evidence breaks. */
export function judge(evidence: Evidence): Judgement[] {
  return laws
    .map(({ name, breaches }) => ({ law: name, breaches: breaches(evidence) }))
    .filter(({ breaches }) => breaches.length > 0);
}
