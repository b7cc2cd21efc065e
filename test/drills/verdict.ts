/** Reads the stores of a shop at rest, and holds them and what a crowd was told to the laws. */
import { plural } from "#platform/plural";
import type { Sql } from "../../src/engines/sql/sql.ts";
import type { Crowd } from "../crash/crowd.ts";
import type { Evidence, GateReading, Sample, StatementLine } from "../laws/evidence.ts";
import { createJudge } from "../laws/law.ts";
import { laws } from "../laws/laws.ts";
import { readStores } from "../laws/stores.ts";
import type { Wish } from "../laws/wish.ts";

export type Judged = {
  useSql<T>(use: (sql: Sql) => Promise<T>): Promise<T>;
  readGate(productIds: readonly string[]): Promise<GateReading[]>;
  /** The lines of a provider outside of the shop about these orders; absent: the simulated bank's. */
  statement?(orderIds: ReadonlySet<string>): StatementLine[];
  products: readonly { productId: string; limitPerCustomer: number }[];
  crowd: Crowd;
  samples: readonly Sample[];
  lateWish: Wish;
  /** Cancellations from after the moment to which the books went back are in no record that is settled again. */
  cancellationsAreLost?: boolean;
};

const shownBreaches = 4;

export type Verdict = {
  /** Each broken law with its first violations, in a text. */
  broken: string[];
  evidence: Evidence;
  /** Sentences about lost cancellations; the laws are asked about the rest. */
  forgotten: string[];
};

export async function verdictOf(judged: Judged): Promise<Verdict> {
  const { useSql, readGate, products, crowd, samples, lateWish } = judged;
  const productIds = products.map(({ productId }) => productId);
  const stores = await useSql((sql) => readStores(sql, productIds));
  const wishes = [...crowd.wishes, lateWish];
  const orderIds = new Set(wishes.flatMap(({ attempts }) => attempts.flatMap(({ orderId }) => orderId ?? [])));
  const whole: Evidence = {
    ...stores,
    atRest: true,
    history: [...stores.history, ...crowd.shown],
    statement: judged.statement?.(orderIds) ?? stores.statement,
    limits: new Map(products.map(({ productId, limitPerCustomer }) => [productId, limitPerCustomer])),
    gate: await readGate(productIds),
    gateIsLeft: false,
    terms: [],
    taken: [],
    free: [],
    samples,
    wishes,
    cancelled: crowd.cancelled,
    extended: new Map(),
    announced: undefined,
    deadLetters: undefined,
    lateWish,
  };
  const { evidence, forgotten } = judged.cancellationsAreLost
    ? withoutLostCancellations(whole)
    : { evidence: whole, forgotten: [] };
  const broken = createJudge(laws)(evidence).map(({ law, breaches }) => {
    const count = breaches.reduce((all, one) => all + one.count, 0);
    const shown = breaches.slice(0, shownBreaches).map(({ shows }) => `\n    ${shows}`);
    return `${law.name}: ${count}${shown.join("")}`;
  });
  return { broken, evidence, forgotten };
}

/**
 * An order that its buyer saw as cancelled is open again, and ends unpaid. Until then it counts for its buyer's limit, so
 * that a later order of theirs may be refused by it; also if the buyer asked for the cancellation and did not see it.
 */
function withoutLostCancellations(evidence: Evidence): { evidence: Evidence; forgotten: string[] } {
  const orderOf = new Map(evidence.orders.map((order) => [order.orderId, order]));
  const seenCancelled = evidence.history.filter(
    ({ orderId, status }) => status === "CANCELLED" && evidence.cancelled.has(orderId),
  );
  const reopened = seenCancelled.filter(({ orderId }) => orderOf.get(orderId)?.status !== "CANCELLED");
  const reopenedIds = new Set(reopened.map(({ orderId }) => orderId));
  const asked = evidence.orders.filter(
    ({ orderId, status }) => evidence.cancelled.has(orderId) && status !== "CANCELLED",
  );
  const theirs = new Set(asked.map(({ userId }) => userId));
  const refused = new Set(
    evidence.orders
      .filter(({ reason, userId }) => reason === "limit_per_customer" && theirs.has(userId))
      .map(({ orderId }) => orderId),
  );
  /** As if its buyer had not heard of the order. */
  const withoutRefused = (wish: Wish): Wish => ({
    ...wish,
    attempts: wish.attempts.map((one) => (refused.has(one.orderId ?? "") ? { ...one, told: "info" } : one)),
  });
  const isLost = ({ orderId, status }: { orderId: string; status: string }) =>
    (reopenedIds.has(orderId) && status === "CANCELLED") || refused.has(orderId);
  return {
    evidence: {
      ...evidence,
      history: evidence.history.filter((sighting) => !isLost(sighting)),
      wishes: evidence.wishes.map(withoutRefused),
    },
    forgotten: [
      ...(reopenedIds.size > 0
        ? [`${plural(reopenedIds.size, "cancellation", "cancellations")}, so that the order ended unpaid instead`]
        : []),
      ...(refused.size > 0
        ? [`${plural(refused.size, "order", "orders")} above the limit that a lost cancellation had freed`]
        : []),
    ],
  };
}
