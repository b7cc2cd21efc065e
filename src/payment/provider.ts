/**
 * Defines the port to the payment provider. The provider knows a charge by our payment id, from which the keys of its
 * operations are made too: repeating an operation changes nothing and returns the same answer.
 */
import type { Fact } from "./state.ts";

export type Provider = {
  /** The last part of its webhook address, and its name in the books. */
  readonly name: string;
  /** A card's number, or a token that the provider's own field in the browser gives for a card that we never see. */
  readonly takes: PayMethod["kind"];
  /** Key: the payment id. Holds the amount without capturing it; the result may come later, by webhook. */
  authorize(request: Authorization): Promise<Charge>;
  /** Key: `cap-<payment>`. */
  capture(charge: ChargeRef & Money): Promise<Charge>;
  /** Key: `void-<payment>`. Also ends an attempt that waits for the buyer; one that the bank is deciding stays as it is. */
  void(charge: ChargeRef): Promise<Charge>;
  /** Key: `ref-<payment>`. Gives back the rest of the captured amount after manual partial refunds. */
  refund(charge: ChargeRef): Promise<Charge>;
  /** undefined if the provider does not know the payment. */
  lookup(attempt: AttemptRef): Promise<Charge | undefined>;
  /**
   * Pages of the charges of our payments since the moment, milliseconds since 1970. For books that were restored and lack
   * payments; so a provider whose own books are restored with ours has none to tell.
   */
  chargesSince(sinceMs: number): AsyncIterable<ListedCharge[]>;
  /** Moves no money. @throws if the provider does not answer, or does not accept us. */
  check(): Promise<void>;
  /** undefined unless the provider itself signed these bytes recently. */
  readWebhook(rawBody: Buffer, headers: WebhookHeaders): Promise<WebhookEvent | undefined>;
};

/**
 * The state of the charge after the operation. A refusal is not an error: it shows as another status than the requested
 * one (`captured` in answer to void), and the payment's state follows it.
 */
export type Charge = Money & {
  providerRef: string;
  status: Exclude<Fact, "not_received" | "reversed">;
  declineReason?: string;
  /** The sum given back so far. Absent if the status implies it: all of a refunded charge, nothing of the others. */
  givenBackMinor?: number;
  /**
   * The card's holder disputes it at their bank. If the bank then takes the money back, the status is `charged_back`.
   */
  dispute?: "opened" | "won";
  /** Of a charge that is processing: the page where the buyer confirms it at their bank. */
  actionUrl?: string;
};

export type ListedCharge = Charge & { paymentId: string; orderId: string; createdMs: number };

export type ChargeRef = { paymentId: string; providerRef: string | null };

/** After a lost answer the provider's own reference is not known, and the request to authorize was made from the rest. */
export type AttemptRef = ChargeRef & Money & { orderId: string };

/** Integer minor units and ISO 4217: JPY has no decimals, KWD three. */
export type Money = { amountMinor: number; currency: string };

export type Authorization = Money & { paymentId: string; orderId: string; method: PayMethod };

export type PayMethod = { kind: "card"; card: Card } | { kind: "token"; token: string };

/** Passed on and not kept: only its last four digits are stored, and no part of it is logged or put into an error. */
export type Card = { number: string; expMonth?: number; expYear?: number; cvc?: string; name?: string };

export function cardOf({ method }: Pick<Authorization, "method">): Card {
  if (method.kind !== "card") throw new Error("a token was given to a provider that takes card numbers");
  return method.card;
}

export type WebhookHeaders = Readonly<Record<string, string | string[] | undefined>>;

export type WebhookEvent = {
  /** The same for every delivery of one event. */
  eventId: string;
  type: string;
  /** Absent if the event is not about one of our charges, or cannot be read. */
  charge?: Charge & { paymentId: string };
  /** The payment of an event about a charge whose status we do not know. */
  unreadAbout?: string;
};

/** The provider may or may not have acted: it gave no answer, or a meaningless one. Every operation may throw it. */
export class OutcomeUnknown extends Error {
  constructor(operation: string, paymentId: string, cause?: unknown) {
    super(`${operation} of payment ${paymentId}: the provider gave no answer; it may or may not have acted`, { cause });
    this.name = "OutcomeUnknown";
  }
}
