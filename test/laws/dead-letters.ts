/** At rest no record that the shop wrote itself is in the dead letters. */
import { law } from "./law.ts";

export const deadLetters = law({
  name: "dead letters",
  says: "no record of the shop's own is in the dead letters",
  about: "orders",
  holds: "at rest",
  reads: ["deadLetters"],
  breaches: ({ deadLetters: count = 0 }) =>
    count > 0 ? [{ count, shows: `${count} records of the shop's own are in the dead letters` }] : [],
});
