/** No units of a drop are taken before its opening or from its closing on (D1). */
import { takenAgainst } from "./drops.ts";
import { law } from "./law.ts";

export const ordersOutsideTheWindow = law({
  name: "orders outside the window",
  says: "no order takes units before the drop opens, or once it has closed",
  about: "drops",
  holds: "always",
  reads: ["terms", "taken", "wishes"],
  breaches: (evidence) =>
    takenAgainst(evidence, ({ opensAtMs, closesAtMs }, { fromMs, toMs }) => toMs < opensAtMs || fromMs >= closesAtMs),
});
