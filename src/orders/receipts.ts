/** Makes what the shop signs about an order: a yes and a no, which buyer and support check with the shop's public key. */
import { acceptedText, refusedText } from "#fairness";
import type { Identity } from "#identity";
import { elapsedMs } from "#platform/clock";
import type { SignedText } from "#wire/fairness";
import type { DecidedBy, PlaceAnswer, PlaceRequest } from "./accept/answers.ts";
import type { Order } from "./books/order-rows.ts";
import type { SeenOrder } from "./look.ts";

export type Receipts = {
  /** Of an order in the books. */
  yes(order: Order): SignedText;
  /** Of an order that the books voided. */
  voided(order: SeenOrder): SignedText;
  /** Whether a refusal of this request is to be signed: its `Prefer` says `receipt`, and not too many do in this second. */
  wanted(prefer: string | undefined): boolean;
  /** Of a request that is to be signed; undefined if it is no refusal for good, or it is not known who decided it. */
  no(request: PlaceRequest, answer: PlaceAnswer): SignedText | undefined;
};

/** A signature takes 28 µs, and such a request is never answered without the gate. Under a crowd the others get no receipt. */
const signedASecond = 200;

/** A refusal for one of these reasons that names no decider repeats the answer to another request under the key. */
const needsDecider: ReadonlySet<string> = new Set([
  ...(["sold_out", "limit_per_customer", "price_changed", "pass_required"] as const),
  ...(["drop_not_open", "drop_ended", "drop_paused"] as const),
]);

export function createReceipts({ signing }: Pick<Identity, "signing">, now: () => number): Receipts {
  let second = 0;
  let signed = 0;

  function sign(text: string): SignedText {
    return { text, signature: signing.sign(text) };
  }

  return {
    yes(order) {
      const { placedAt, payBy } = order;
      return sign(acceptedText({ ...order, placedAtMs: placedAt.getTime(), payByMs: payBy.getTime(), atMs: now() }));
    },

    voided(order) {
      const decidedAtMs = order.placedAt.getTime();
      return sign(refusedText({ ...order, reason: "order_failed", by: "books", decidedAtMs, ...noGate, atMs: now() }));
    },

    wanted(prefer) {
      if (prefer === undefined || !/(^|,)\s*receipt\s*($|[,;])/i.test(prefer)) return false;
      const present = Math.floor(elapsedMs() / 1_000);
      if (present !== second) [second, signed] = [present, 0];
      signed += 1;
      return signed <= signedASecond;
    },

    no(request, answer) {
      if (!request.tells || answer.ok || answer.reason === "outcome_pending") return undefined;
      const { orderId, reason, told } = answer;
      if (reason === "overloaded" || (told === undefined && needsDecider.has(reason))) return undefined;
      const { userId, productId, quantity } = request;
      const atMs = now();
      return sign(refusedText({ orderId, userId, productId, quantity, reason, ...decisionOf(told, atMs), atMs }));
    },
  };
}

const noGate = { epoch: null, position: null, sellable: null, pending: null, held: null };

function decisionOf(told: DecidedBy["told"], atMs: number) {
  if (told === undefined || told === "books") {
    return { by: told ?? ("shop" as const), decidedAtMs: atMs, ...noGate };
  }
  const { epoch, applied: position, sellable, pending, held, clockMs } = told;
  return { by: "gate" as const, decidedAtMs: Math.floor(clockMs), epoch, position, sellable, pending, held };
}
