/** After all faults have ended the next order is answered, with a 202 or a refusal about stock (L3). */
import { law } from "./law.ts";

export const shutAfterTheTrouble = law({
  name: "shut after the trouble",
  says: "once all is well the next order is accepted, or refused for its stock or limit alone",
  about: "orders",
  holds: "at rest",
  reads: ["lateWish"],
  breaches: ({ lateWish }) => {
    if (!lateWish) return [];
    const last = lateWish.attempts.at(-1);
    if (last && (last.told === "ok" || last.code === "sold_out" || last.code === "limit_per_customer")) return [];
    const heard = [...new Set(lateWish.attempts.map(({ code }) => code))].join(", ");
    return [{ count: 1, shows: `${lateWish.user} was not answered for good, and heard: ${heard || "nothing"}` }];
  },
});
