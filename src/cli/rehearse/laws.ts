/**
 * The laws of a rehearsal's certificate: pure functions that answer a sentence for each time that they are broken. They
 * have the names of `test/laws`, which read the stores; these read what a client of the API sees (ADR 0062).
 */
import {
  acceptedId,
  type Evidence,
  hasEnded,
  isUnsettled,
  paymentsOf,
  type Report,
  type SeenOrder,
  type Snapshot,
  stands,
} from "./evidence.ts";

export type Law = { name: string; says: string; breaches(evidence: Evidence): string[] };

const fairReasons: ReadonlySet<string | undefined> = new Set([
  "payment_timeout",
  "next_in_line",
  "payment_undecided",
  "cancelled",
]);
const kept: ReadonlySet<string> = new Set(["authorized", "capturing", "captured"]);

export const laws: readonly Law[] = [
  {
    name: "oversold units",
    says: "orders that stand have no more units than were brought in",
    breaches: ({ products, open }) =>
      products.flatMap(({ productId, units }) => {
        const standing = unitsOf(open, productId, stands);
        return standing > units ? [`${productId}: ${units} were brought in, ${standing} are in orders`] : [];
      }),
  },
  {
    name: "lost units",
    says: "what was brought in is on hand, held or sold, and all of it is back at the end",
    breaches: ({ products, open, closed }) =>
      products.flatMap(({ productId, units }) => {
        const [before, after] = [open, closed].map(({ stock }) => stock.find((one) => one.productId === productId));
        if (!before || !after) return [`${productId}: the shop did not tell its stock`];
        const held = unitsOf(open, productId, (order) => stands(order) && !hasEnded(order));
        const sold = unitsOf(open, productId, ({ status }) => status === "CONFIRMED" || status === "REFUNDED");
        const off = [
          ["brought in", before.onHand + before.sold, units],
          ["held", before.held, held],
          ["sold", before.sold, sold],
          ["on hand at the end", after.onHand, units],
          ["held at the end", after.held, 0],
        ] as const;
        return off
          .filter(([, is, should]) => is !== should)
          .map(([what, is, should]) => `${productId}: ${is} ${what}, and should be ${should}`);
      }),
  },
  {
    name: "units above a customer's limit",
    says: "no customer has more units than one may hold",
    breaches: ({ products, open }) =>
      products.flatMap(({ productId, limit }) => {
        const mine = open.orders.filter((order) => order.productId === productId && stands(order));
        return [...Map.groupBy(mine, ({ userId }) => userId)].flatMap(([userId, orders]) => {
          const has = sum(orders, ({ quantity }) => quantity);
          return limit !== null && has > limit ? [`${userId} has ${has} of ${productId}, and may have ${limit}`] : [];
        });
      }),
  },
  {
    name: "units that gate and books disagree about",
    says: "no reconciliation saw a drift, and at the end the gate has what the books have",
    breaches: ({ samples, open, closed }) => [
      ...samples.filter(({ status, drift }) => status === "CRITICAL" || drift !== 0).map(sayReport),
      ...[open, closed].flatMap(({ reports }) => reports.filter(({ status }) => status !== "OK").map(sayReport)),
      ...[open, closed].flatMap(({ stock, sellsByGate }) =>
        (sellsByGate ? stock : [])
          .filter(({ gate, onHand, held }) => gate !== onHand - held)
          .map(
            ({ productId, gate, onHand, held }) => `${productId}: ${gate} at the gate, ${onHand - held} in the books`,
          ),
      ),
    ],
  },
  {
    name: "charged without order",
    says: "nothing stays taken or held for an order that is not confirmed",
    breaches: ({ open, closed }) =>
      [open, closed].flatMap(({ orders, boxes }) =>
        orders
          .filter((order) => hasEnded(order) && order.status !== "CONFIRMED")
          .flatMap(({ orderId, status }) =>
            paymentsOf(boxes.get(orderId))
              .filter(({ state }) => kept.has(state))
              .map(({ state }) => `order ${orderId} is ${status}, and its payment is ${state}`),
          ),
      ),
  },
  {
    name: "charged twice or too much",
    says: "an order is charged once, and not more than its total",
    breaches: ({ open: { orders, boxes } }) =>
      orders.flatMap(({ orderId, total }) => {
        const taken = paymentsOf(boxes.get(orderId)).filter(({ state }) => state === "captured");
        const sumTaken = sum(taken, ({ amountMinor }) => amountMinor);
        return taken.length > 1 || sumTaken > total
          ? [`order ${orderId} of ${total} was charged ${sumTaken} in ${taken.length} payments`]
          : [];
      }),
  },
  {
    name: "confirmed and not paid",
    says: "a confirmed order's total was taken",
    breaches: ({ open: { orders, boxes } }) =>
      orders
        .filter(({ status }) => status === "CONFIRMED")
        .filter(
          ({ orderId, total }) =>
            !paymentsOf(boxes.get(orderId)).some(
              ({ state, amountMinor }) => state === "captured" && amountMinor === total,
            ),
        )
        .map(({ orderId, total }) => `order ${orderId} is confirmed, and ${total} were not taken`),
  },
  {
    name: "money held and forgotten",
    says: "at the end every amount that was held was taken or given up",
    breaches: ({ closed: { orders, boxes } }) =>
      orders.flatMap(({ orderId }) => {
        const box = boxes.get(orderId);
        if (!box || box.away.some(({ source }) => source === "payment"))
          return [`the payments of order ${orderId} could not be read`];
        return paymentsOf(box)
          .filter(({ state }) => isUnsettled(state))
          .map(({ state }) => `a payment of order ${orderId} is still ${state}`);
      }),
  },
  {
    name: "accepted and unknown",
    says: "every order that was answered 202 is in the books, under the one id that was told",
    breaches: ({ wishes, closed }) => {
      const known = new Set(closed.orders.map(({ orderId }) => orderId));
      return wishes.flatMap(({ user, attempts }) => {
        const told = new Set(
          attempts.filter(({ code }) => code === "accepted").map(({ orderId }) => orderId ?? "none"),
        );
        if (told.size > 1) return [`${user} was told two ids: ${[...told].join(", ")}`];
        return [...told]
          .filter((id) => !known.has(id))
          .map((id) => `order ${id} of ${user} was accepted and is not in the books`);
      });
    },
  },
  {
    name: "accepted and refused",
    says: "the books decide against no order that was answered 202",
    breaches: ({ wishes, open }) => {
      const promised = new Set(wishes.map(acceptedId));
      return open.orders
        .filter(
          ({ orderId, status, reason }) => promised.has(orderId) && status === "FAILED" && !fairReasons.has(reason),
        )
        .map(({ orderId, reason }) => `order ${orderId} was answered 202, and is FAILED: ${reason}`);
    },
  },
  {
    name: "accepted and not terminal",
    says: "every order has ended",
    breaches: ({ closed }) =>
      closed.orders
        .filter((order) => !hasEnded(order) || order.status === "CONFIRMED")
        .map(({ orderId, status }) => `order ${orderId} is still ${status}`),
  },
  {
    name: "ended before its time",
    says: "an order that is not paid fails at its payBy at the earliest",
    breaches: ({ open }) =>
      open.orders.flatMap(({ orderId, payBy, timeline }) =>
        timeline
          .filter(({ reason, at }) => reason === "payment_timeout" && Date.parse(at) < Date.parse(payBy))
          .map(({ at }) => `order ${orderId} failed at ${at}, with time until ${payBy}`),
      ),
  },
  {
    name: "cancelled unasked",
    says: "only an order whose buyer asked for it was cancelled",
    breaches: ({ wishes, lateWish, open }) => {
      const all = lateWish ? [...wishes, lateWish] : wishes;
      const asked = new Set(all.filter(({ cancels }) => cancels).map(acceptedId));
      return open.orders
        .filter(({ status, orderId }) => status === "CANCELLED" && !asked.has(orderId))
        .map(({ orderId }) => `order ${orderId} is CANCELLED, and its buyer did not ask for it`);
    },
  },
  {
    name: "two orders for one wish",
    says: "one key makes one order, and no buyer has an order that they did not ask for",
    breaches: ({ wishes, lateWish, closed }) => {
      const all = lateWish ? [...wishes, lateWish] : wishes;
      const asked = Map.groupBy(all, ({ user, productId }) => `${user} of ${productId}`);
      return [...Map.groupBy(closed.orders, ({ userId, productId }) => `${userId} of ${productId}`)].flatMap(
        ([who, has]) => {
          const may = asked.get(who)?.length ?? 0;
          return has.length > may ? [`${who}: asked for ${may}, has ${has.length}`] : [];
        },
      );
    },
  },
  {
    name: "shut after the trouble",
    says: "the next order after all others is accepted, or refused for its stock alone",
    breaches: ({ lateWish }) => {
      const heard = lateWish?.attempts.map(({ code }) => code) ?? ["sold_out"];
      const last = heard.at(-1);
      return last === "accepted" || last === "sold_out"
        ? []
        : [`it heard ${[...new Set(heard)].join(", ") || "nothing"}`];
    },
  },
  {
    name: "dead letters",
    says: "no record of an order is in the dead letters",
    breaches: ({ closed: { boxes } }) =>
      [...boxes.values()].flatMap(({ orderId, lines }) =>
        lines.filter(({ source }) => source === "dead letters").map(({ says }) => `order ${orderId}: ${says}`),
      ),
  },
];

function unitsOf({ orders }: Snapshot, productId: string, which: (order: SeenOrder) => boolean): number {
  return sum(
    orders.filter((order) => order.productId === productId && which(order)),
    ({ quantity }) => quantity,
  );
}

function sayReport({ productId, status, explanation }: Report): string {
  return `${productId} is ${status}: ${explanation}`;
}

function sum<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((total, one) => total + of(one), 0);
}
