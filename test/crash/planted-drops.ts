/** Bugs of drops: orders that its terms forbid, and orders that outlive its cancellation. */
import type { Evidence, Terms } from "../laws/evidence.ts";
import type { Wish } from "../laws/wish.ts";
import type { Planting } from "./planting.ts";

export const dropPlantings: readonly Planting[] = [
  {
    law: "orders outside the window",
    bug: "an order is accepted before the drop opens",
    plant: async (_books, { wishes, terms }) => {
      const first = terms.find(({ answeredMs }) => answeredMs !== undefined);
      return { wishes: acceptedAt(wishes, (first as Terms).opensAtMs - 2), terms: terms.map(fromTheBeginning) };
    },
  },
  {
    law: "orders outside the window",
    bug: "an order is accepted after the drop was cancelled",
    plant: async (_books, { wishes, terms }) => {
      const { closesAtMs, answeredMs = 0 } = terms.at(-1) as Terms;
      return { wishes: acceptedAt(wishes, Math.max(closesAtMs, answeredMs) + 1) };
    },
  },
  {
    law: "orders during a pause",
    bug: "an order is accepted while the drop is paused",
    plant: async (_books, { wishes, terms }) => {
      const pause = terms.find(({ paused, answeredMs }) => paused && answeredMs !== undefined);
      return { wishes: acceptedAt(wishes, (pause?.answeredMs ?? 0) + 1) };
    },
  },
  {
    law: "work left unfinished",
    bug: "a process dies between a drop's change and the gate, and no loop tells the gate",
    async plant(books, { terms }) {
      await books.query(
        `update drops.drop set told_version = told_version - 1
          where drop_id = (select drop_id from drops.drop_product where product_id = $1)`,
        [terms[0]?.productId],
      );
      return undefined;
    },
  },
];

/** The answer to an order of the drop, as if it had come at another time. */
function acceptedAt(wishes: Evidence["wishes"], atMs: number): Wish[] {
  const accepted = wishes.find(({ attempts }) => attempts.some(({ told }) => told === "ok"));
  if (!accepted) throw new Error("the healthy run left no order of the drop");
  const attempts = accepted.attempts
    .filter(({ told }) => told === "ok")
    .map((one) => ({ ...one, beganMs: atMs, endedMs: atMs + 1 }));
  return wishes.map((wish) => (wish === accepted ? { ...wish, attempts } : wish));
}

/** As if the terms had held before every order. */
function fromTheBeginning(terms: Terms, i: number): Terms {
  return i === 0 ? { ...terms, beganMs: 0, answeredMs: 0 } : terms;
}
