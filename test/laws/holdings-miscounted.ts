/** A customer's holdings = claimed - released (I10). */
import { law, refOf } from "./law.ts";
import { customerOf } from "./orders.ts";

export const holdingsMiscounted = law({
  name: "holdings miscounted",
  says: "what the books note that a customer holds is what they claimed and did not give back",
  about: "units",
  holds: "always",
  reads: ["decisions", "outcomes", "holdings"],
  breaches: ({ decisions, outcomes, holdings }) => {
    const released = new Set(outcomes.filter(({ outcome }) => outcome === "released").map(refOf));
    const held = new Map<string, number>();
    for (const one of decisions) {
      if (one.fate !== "claimed" || released.has(refOf(one))) continue;
      held.set(customerOf(one), (held.get(customerOf(one)) ?? 0) + one.quantity);
    }
    const noted = new Map(holdings.map((one) => [customerOf(one), one.held]));
    return [...new Set([...held.keys(), ...noted.keys()])].flatMap((name) => {
      const [has, says] = [held.get(name) ?? 0, noted.get(name) ?? 0];
      return has === says ? [] : [{ count: Math.abs(has - says), shows: `${name} has ${has}, noted are ${says}` }];
    });
  },
});
