/** At rest the log has an event for the end of every order. */
import { eventIdOf } from "../../src/orders/events.ts";
import { law } from "./law.ts";

export const endedAndNotAnnounced = law({
  name: "ended and not announced",
  says: "the log has an event for the state of every order",
  about: "orders",
  holds: "at rest",
  reads: ["orders", "announced"],
  breaches: ({ orders, announced }) =>
    orders
      .filter((order) => announced && !announced.has(eventIdOf(order)))
      .map(({ orderId, status }) => ({
        count: 1,
        shows: `order ${orderId} is ${status}, and the log has no such event`,
      })),
});
