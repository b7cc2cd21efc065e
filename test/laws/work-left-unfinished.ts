/** At rest nothing waits to be done: no refund, payment, news, webhook or event. */
import { law } from "./law.ts";

export const workLeftUnfinished = law({
  name: "work left unfinished",
  says: "at rest no refund, payment, news, webhook or event waits to be finished",
  about: "orders",
  holds: "at rest",
  reads: ["unfinished"],
  breaches: ({ unfinished }) =>
    unfinished.filter(({ count }) => count > 0).map(({ what, count }) => ({ count, shows: `${count} ${what}` })),
});
