/** From the answer to a pause until the resumption is asked for no units are taken (D2). */
import { takenAgainst } from "./drops.ts";
import { law } from "./law.ts";

export const ordersDuringAPause = law({
  name: "orders during a pause",
  says: "no order takes units between the answer to a pause and the request to resume",
  about: "drops",
  holds: "always",
  reads: ["terms", "taken", "wishes"],
  breaches: (evidence) => takenAgainst(evidence, ({ paused }) => paused),
});
