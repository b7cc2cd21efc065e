/** At rest every order has ended (L2). */
import { isFinal, type Status } from "../../src/orders/state.ts";
import { law } from "./law.ts";

export const acceptedAndNotTerminal = law({
  name: "accepted and not terminal",
  says: "at rest every order has ended",
  about: "orders",
  holds: "at rest",
  reads: ["orders"],
  breaches: ({ orders }) =>
    orders
      .filter(({ status }) => !isFinal(status as Status))
      .map(({ orderId, status, reason }) => ({ count: 1, shows: `order ${orderId} is ${status} (${reason})` })),
});
