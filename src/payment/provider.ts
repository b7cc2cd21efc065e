/**
 * The port to the payment provider. A charge is known to the provider by our payment id, which is
 * also what makes the keys of its operations: repeating one changes nothing and answers the same.
 */
import type { Fact } from "./state.ts";

export type Provider = {
  /** The last part of its webhook address, and what the books call it. */
  readonly name: string;
  /** Key: the payment id. Holds the amount without taking it; the verdict may come later, by webhook. */
  authorize(request: Authorization): Promise<Charge>;
  /** Key: `cap-<payment>`. */
  capture(charge: ChargeRef & Money): Promise<Charge>;
  /** Key: `void-<payment>`. */
  void(charge: ChargeRef): Promise<Charge>;
  /** Key: `ref-<payment>`. Gives back what is left of what was taken, where parts of it were given back by hand. */
  refund(charge: ChargeRef): Promise<Charge>;
  /** undefined where the provider never heard of the payment. */
  lookup(charge: ChargeRef): Promise<Charge | undefined>;
  /** undefined unless the provider itself signed these bytes, lately. */
  readWebhook(rawBody: Buffer, headers: WebhookHeaders): WebhookEvent | undefined;
};

/**
 * How the charge stands after the operation. A refusal is no error: it shows as a status other than the
 * one asked for (`captured` in answer to void), and the payment's state follows what is true.
 */
export type Charge = Money & {
  providerRef: string;
  status: Exclude<Fact, "not_received" | "reversed">;
  declineReason?: string;
  /** Given back of it so far, in all. Absent where the status says it: all of a refunded one, nothing of the others. */
  givenBackMinor?: number;
  /** Its holder disputes it at their bank. What the bank then takes back is `charged_back`. */
  dispute?: "opened" | "won";
};

export type ChargeRef = { paymentId: string; providerRef: string | null };

/** Integer minor units and ISO 4217: JPY has no decimals, KWD three. */
export type Money = { amountMinor: number; currency: string };

export type Authorization = Money & { paymentId: string; card: Card };

/** Passed on and forgotten: no part of it but the last four digits is stored, logged or put into an error. */
export type Card = { number: string; expMonth?: number; expYear?: number; cvc?: string; name?: string };

export type WebhookHeaders = Readonly<Record<string, string | string[] | undefined>>;

export type WebhookEvent = {
  /** The same for every delivery of one event. */
  eventId: string;
  type: string;
  /** Absent where the event is not about a charge of ours, or cannot be read. */
  charge?: Charge & { paymentId: string };
  /** Of an event about a charge, in words that are not known here. */
  unreadAbout?: string;
};

/** The provider may or may not have acted: no answer, or one that tells nothing. Thrown by every operation. */
export class OutcomeUnknown extends Error {
  constructor(operation: string, paymentId: string, cause?: unknown) {
    super(`${operation} of payment ${paymentId}: the provider gave no answer; it may or may not have acted`, { cause });
    this.name = "OutcomeUnknown";
  }
}
