/** No unit is sold twice, none is lost, none is held without an order. */
import type { Evidence } from "../evidence.ts";
import { type Breach, type Law, refOf, stands, sum } from "./law.ts";

export const unitLaws: readonly Law[] = [
  {
    name: "oversold units",
    says: "orders that stand have no more units than people brought in, and the books never had fewer than none to sell",
    breaches: ({ stock, orders }) =>
      stock.flatMap(({ productId, entered, leastAvailable }) => {
        const standing = orders.filter((order) => order.productId === productId && stands(order.status));
        const over = Math.max(sum(standing, (order) => order.quantity) - entered, -(leastAvailable ?? 0));
        return over > 0 ? [{ count: over, shows: `${productId}: ${entered} were brought in, ${over} more sold` }] : [];
      }),
  },
  {
    name: "lost units",
    says: "what came in, was claimed, came back and was sold adds up to what the books have",
    breaches: (evidence) => evidence.stock.flatMap((row) => booksOf(row, evidence)),
  },
  {
    name: "leaked holds",
    says: "what is held is held for an order that stands, by its reservation, and for its customer",
    breaches: ({ claims, outcomes, orders, queued, quota }) => {
      const released = new Set(outcomes.filter(({ outcome }) => outcome === "released").map(refOf));
      const standing = claims.filter((claim) => !released.has(refOf(claim)));
      const wanted = new Set(orders.filter(({ status }) => stands(status)).map(refOf));
      // An order that is open past its time is another law's concern, and holds what it holds.
      const breaches: Breach[] = standing
        .filter((claim) => !wanted.has(refOf(claim)))
        .map((claim) => ({ count: claim.quantity, shows: `${refOf(claim)} is held and no order stands by it` }));
      if (queued > 0) breaches.push({ count: queued, shows: `${queued} outcomes were never counted` });
      const held = Map.groupBy(standing, ({ productId, userId }) => JSON.stringify([productId, userId]));
      const names = new Set([...held.keys(), ...quota.map((row) => JSON.stringify([row.productId, row.userId]))]);
      for (const name of names) {
        const has = sum(held.get(name) ?? [], (claim) => claim.quantity);
        const noted = quota.find((row) => JSON.stringify([row.productId, row.userId]) === name)?.held ?? 0;
        if (has !== noted) breaches.push({ count: Math.abs(has - noted), shows: `${name} has ${has}, noted ${noted}` });
      }
      return breaches;
    },
  },
  {
    name: "units sold and given back",
    says: "a confirmed order has its units, counted as sold, also once it is refunded; the units of no other order are",
    breaches: ({ orders, claims, outcomes }) => {
      const claimed = new Set(claims.map(refOf));
      const outcomeOf = new Map(outcomes.map((one) => [refOf(one), one.outcome]));
      const confirmed = orders.filter(({ status }) => status === "CONFIRMED" || status === "REFUNDED");
      const refs = new Set(confirmed.map(refOf));
      return [
        ...confirmed
          .filter((order) => !claimed.has(refOf(order)) || outcomeOf.get(refOf(order)) !== "sold")
          .map((order) => ({
            count: order.quantity,
            shows: `order ${order.orderId} was confirmed and its units are ${outcomeOf.get(refOf(order)) ?? "nowhere"}`,
          })),
        ...outcomes
          .filter((one) => one.outcome === "sold" && !refs.has(refOf(one)))
          .map((one) => ({ count: one.quantity, shows: `${refOf(one)} is sold and no order is confirmed by it` })),
      ];
    },
  },
  {
    name: "units of refunded orders",
    says: "the units of a refunded order come back into stock once where they were to, and else not",
    breaches: ({ refunds }) =>
      refunds
        .map(({ orderId, restock, quantity, entered }) => ({ orderId, should: restock ? quantity : 0, entered }))
        .filter(({ should, entered }) => should !== entered)
        .map(({ orderId, should, entered }) => ({
          count: Math.abs(should - entered),
          shows: `of refunded order ${orderId} ${entered} units came back, and should be ${should}`,
        })),
  },
  {
    name: "units that gate and books disagree about",
    says: "at rest the gate has what the books have, and nothing under way; no reconciliation on the way saw a drift",
    breaches: ({ stock, gate, samples }) => [
      ...stock.flatMap(({ productId, totalIn, committed }) => {
        const has = gate.find((one) => one.productId === productId);
        const available = Math.max(0, totalIn - committed);
        if (has && has.sellable === available && has.pending === 0 && has.records === 0) return [];
        const count = has ? Math.abs(has.sellable - available) + has.pending + has.records : available;
        return [{ count, shows: `${productId}: ${available} in the books, ${JSON.stringify(has)} at the gate` }];
      }),
      ...samples
        .filter(({ status, drift }) => status === "CRITICAL" || drift !== 0)
        .map((one) => ({ count: Math.max(1, Math.abs(one.drift)), shows: JSON.stringify(one) })),
    ],
  },
  {
    name: "units above a customer's limit",
    says: "no customer held more than the limit after any change of the books",
    breaches: ({ limits, claims, outcomes }) => {
      const released = outcomes.filter(({ outcome }) => outcome === "released");
      const releasedAt = new Map(released.map((one) => [refOf(one), one.seq ?? undefined]));
      const ofCustomer = Map.groupBy(claims, ({ productId, userId }) => JSON.stringify([productId, userId]));
      return [...ofCustomer].flatMap(([customer, held]) => {
        const limit = limits.get(held[0]?.productId ?? "");
        if (limit === undefined) return [];
        const changes = held.flatMap((claim) => {
          const back = releasedAt.get(refOf(claim));
          const taken = { seq: claim.seq, units: claim.quantity };
          return back === undefined ? [taken] : [taken, { seq: back, units: -claim.quantity }];
        });
        // Within one row what comes back is counted first: a row is one moment.
        const inOrder = changes.toSorted((a, b) => a.seq - b.seq || a.units - b.units);
        let has = 0;
        const most = Math.max(...inOrder.map(({ units }) => (has += units)));
        return most > limit ? [{ count: most - limit, shows: `${customer} held ${most} of at most ${limit}` }] : [];
      });
    },
  },
];

function booksOf(row: Evidence["stock"][number], { claims, outcomes }: Evidence): Breach[] {
  const { productId, totalIn, committed, sold, entered, seq, rows, lastAvailable } = row;
  const units = (of: readonly { productId: string; quantity: number }[]) =>
    sum(
      of.filter((one) => one.productId === productId),
      (one) => one.quantity,
    );
  const released = units(outcomes.filter(({ outcome }) => outcome === "released"));
  const counted = units(outcomes.filter(({ outcome }) => outcome === "sold"));
  const faults: [string, number][] = [
    ["brought in", totalIn - entered],
    ["committed", committed - (units(claims) - released)],
    ["sold", sold - counted],
    ["rows of the stream", seq - rows],
    ["available by the stream", rows === 0 ? 0 : (lastAvailable ?? 0) - (totalIn - committed)],
  ];
  return faults
    .filter(([, off]) => off !== 0)
    .map(([what, off]) => ({ count: Math.abs(off), shows: `${productId}: ${what} is off by ${off}` }));
}
