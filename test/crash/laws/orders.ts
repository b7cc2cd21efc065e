/** What people were told is so, and what was accepted comes to an end. */
import { mayFollow } from "../../../src/orders/may-follow.testing.ts";
import type { Status } from "../../../src/orders/state.ts";
import { verdictOf } from "../history.ts";
import { type Law, stands } from "./law.ts";

/** Why the books do not make an order of a reservation. */
const refusals = new Set(["sold_out", "limit_per_customer", "fenced"]);

export const orderLaws: readonly Law[] = [
  {
    name: "accepted and unknown",
    says: "every order that was answered 202 is in the books, under the id that was told, and as its buyer was shown it",
    breaches: ({ wishes, orders }) => {
      const statusOf = new Map(orders.map(({ orderId, status }) => [orderId, status]));
      return wishes.flatMap(({ attempts, shown, user }) => {
        const ids = new Set(attempts.filter(({ told }) => told === "ok").map(({ orderId }) => orderId ?? ""));
        if (ids.size > 1) return [{ count: 1, shows: `${user} was told two ids: ${[...ids].join(", ")}` }];
        return [...ids].flatMap((orderId) => {
          const status = statusOf.get(orderId);
          if (!status) return [{ count: 1, shows: `${orderId} of ${user} was accepted and is not in the books` }];
          const undone = shown.find((one) => !mayFollow(one as Status, status as Status));
          return undone ? [{ count: 1, shows: `${orderId} was shown ${undone} and is ${status}` }] : [];
        });
      });
    },
  },
  {
    name: "accepted and not terminal",
    says: "at rest every order has ended",
    breaches: ({ orders }) =>
      orders
        .filter(({ status }) => status === "INVENTORY_RESERVED" || status === "PAYMENT_PENDING")
        .map(({ orderId, status }) => ({ count: 1, shows: `order ${orderId} is ${status}` })),
  },
  {
    name: "ended before its time",
    says: "an order that stood fails at its payBy at the earliest, whatever was away meanwhile",
    breaches: ({ orders }) =>
      orders
        .filter(({ status, reason }) => status === "FAILED" && !refusals.has(reason ?? ""))
        .flatMap(({ orderId, reason, payBy, timeline }) => {
          const endedAt = new Date(timeline.findLast(({ status }) => status === "FAILED")?.at ?? 0);
          const early = `order ${orderId} failed for ${reason} at ${endedAt.toISOString()}, with time until ${payBy.toISOString()}`;
          return endedAt < payBy ? [{ count: 1, shows: early }] : [];
        }),
  },
  {
    name: "failed and standing",
    says: "who was told for good that there is no order has none",
    breaches: ({ wishes, orders }) => {
      const wanted = Map.groupBy(wishes, ({ user, productId }) => JSON.stringify([user, productId]));
      return [...wanted.values()].flatMap((ofBuyer) => {
        const maybe = ofBuyer.filter((wish) => verdictOf(wish) !== "fail").length;
        const { user, productId } = ofBuyer[0] as (typeof ofBuyer)[0];
        const has = orders.filter(
          (one) => one.userId === user && one.productId === productId && stands(one.status),
        ).length;
        if (has <= maybe) return [];
        return [
          { count: has - maybe, shows: `${user} has ${has} orders of ${productId}, and was left hope of ${maybe}` },
        ];
      });
    },
  },
  {
    name: "two orders for one wish",
    says: "one key makes one order, and no buyer has an order that they did not ask for",
    breaches: ({ wishes, orders }) => {
      const wanted = Map.groupBy(wishes, ({ user, productId }) => JSON.stringify([user, productId]));
      const made = Map.groupBy(orders, ({ userId, productId }) => JSON.stringify([userId, productId]));
      return [...made].flatMap(([buyer, has]) => {
        // Without a key a client that hears nothing asks again for another order, so each attempt is a wish.
        const may = (wanted.get(buyer) ?? []).reduce((all, { key, attempts }) => all + (key ? 1 : attempts.length), 0);
        return has.length > may
          ? [{ count: has.length - may, shows: `${buyer} asked for ${may}, has ${has.length}` }]
          : [];
      });
    },
  },
];
