/** An order is refused as sold out only if the gate had too few units at a moment since a second before it was sent. */
import { law } from "./law.ts";

/** A process may answer by a lease of the gate (src/inventory/gate/lease.ts), which ends sooner. */
const graceMs = 1_000;

export const refusedWhileUnitsWereFree = law({
  name: "refused while units were free",
  says: "no order is refused as sold out if units were free since a second before it was sent",
  about: "orders",
  holds: "always",
  reads: ["wishes", "free"],
  breaches: ({ wishes, free }) =>
    wishes.flatMap(({ user, productId, attempts }) => {
      const wrong = attempts.filter(
        ({ code, beganMs, endedMs = beganMs }) =>
          code === "sold_out" &&
          free.some((one) => one.productId === productId && one.fromMs < beganMs - graceMs && one.toMs > endedMs),
      );
      return wrong.map(({ beganMs, endedMs }) => ({
        count: 1,
        shows: `${user} asked for ${productId} at ${beganMs} and heard at ${endedMs} that it is sold out, while units were free`,
      }));
    }),
});
