/** Lists the cards that the simulated provider knows; the last four digits alone decide its behaviour. */
export type TestCard = {
  number: string;
  /** For the start banner and the shop's hint: what happens when the card is used. */
  says: string;
};

export type CardBehaviour = {
  /** Why it is declined; absent if it is approved. */
  declines?: string;
  /** How long the provider takes to decide, milliseconds. */
  decidesAfterMs?: number;
  /** The pauses before the deliveries of the result's webhook: one copy for each, none for an empty list. */
  webhookDelaysMs: readonly number[];
  /** The provider acts, and its answer is lost. */
  losesReplyOf?: "authorize" | "capture";
  /** The provider holds more than the requested amount. */
  excessMinor?: number;
};

const cards: readonly (TestCard & CardBehaviour)[] = [
  { number: "4242 4242 4242 4242", says: "is approved", webhookDelaysMs: [0] },
  { number: "4000 0000 0000 0010", says: "is declined, as any number ending in 0 is", ...declines("card_declined") },
  { number: "4000 0000 0000 9995", says: "is declined for insufficient funds", ...declines("insufficient_funds") },
  { number: "4000 0000 0000 0101", says: "is approved; the webhook is 5 s late", webhookDelaysMs: [5_000] },
  { number: "4000 0000 0000 0202", says: "is approved; the webhook comes twice at once", webhookDelaysMs: [0, 0] },
  {
    number: "4000 0000 0000 0303",
    says: "is approved; the webhook comes three times, the last two after those of later events",
    webhookDelaysMs: [0, 1_500, 3_000],
  },
  {
    number: "4000 0000 0000 0404",
    says: "is approved, but the provider's answer is lost; the webhook comes",
    webhookDelaysMs: [0],
    losesReplyOf: "authorize",
  },
  { number: "4000 0000 0000 0505", says: "is approved, but no webhook ever comes", webhookDelaysMs: [] },
  {
    number: "4000 0000 0000 0606",
    says: "is approved, but the provider's answer is lost and no webhook ever comes",
    webhookDelaysMs: [],
    losesReplyOf: "authorize",
  },
  {
    number: "4000 0000 0000 0707",
    says: "is approved, but the answer to the capture is lost",
    webhookDelaysMs: [0],
    losesReplyOf: "capture",
  },
  {
    number: "4000 0000 0000 0808",
    says: "is approved for more than the requested amount, which is given back",
    webhookDelaysMs: [0],
    excessMinor: 1,
  },
  {
    number: "4000 0000 0000 0909",
    says: "is approved, but the provider takes 5 s to decide",
    webhookDelaysMs: [0],
    decidesAfterMs: 5_000,
  },
];

export const testCards: readonly TestCard[] = cards;

const approves: CardBehaviour = { webhookDelaysMs: [0] };

export function behaviourOf(last4: string): CardBehaviour {
  if (last4.endsWith("0")) return declines("card_declined");
  return cards.find((card) => card.number.endsWith(last4)) ?? approves;
}

function declines(reason: string): CardBehaviour {
  return { declines: reason, webhookDelaysMs: [0] };
}
