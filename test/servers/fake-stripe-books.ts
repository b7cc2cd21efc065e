/**
 * The books of a fake Stripe: payment intents with manual capture, refunds, disputes, and the events that each change
 * makes. The statuses, errors and fields are those that Stripe's API reference gives for API version 2026-10-28.
 */
import { randomBytes } from "node:crypto";

export type Intent = {
  id: string;
  object: "payment_intent";
  status: "requires_payment_method" | "requires_action" | "requires_capture" | "succeeded" | "canceled";
  created: number;
  amount: number;
  amount_capturable: number;
  amount_received: number;
  currency: string;
  metadata: Record<string, string>;
  return_url: string | null;
  next_action: { type: "redirect_to_url"; redirect_to_url: { url: string; return_url: string | null } } | null;
  last_payment_error: Failure | null;
  latest_charge: Charge | null;
};

type Charge = {
  id: string;
  object: "charge";
  amount: number;
  amount_captured: number;
  amount_refunded: number;
  captured: boolean;
  refunded: boolean;
  disputed: boolean;
  currency: string;
  payment_intent: string;
  metadata: Record<string, string>;
};

type Dispute = {
  id: string;
  object: "dispute";
  charge: string;
  payment_intent: string;
  status: "needs_response" | "won" | "lost";
};
type Failure = { type: string; code: string; decline_code?: string; message: string };
export type StripeEvent = { id: string; object: "event"; type: string; created: number; data: { object: object } };

/** An answer of the API that is an error. */
export class StripeFault extends Error {
  readonly status: number;
  readonly error: Failure & { payment_intent?: object };

  constructor(status: number, error: StripeFault["error"]) {
    super(error.message);
    this.status = status;
    this.error = error;
  }
}

function invalid(code: string, message: string, status = 400): StripeFault {
  return new StripeFault(status, { type: "invalid_request_error", code, message });
}

const declines: Record<string, string> = {
  pm_card_chargeDeclined: "generic_decline",
  pm_card_chargeDeclinedStolenCard: "stolen_card",
  pm_card_chargeDeclinedInsufficientFunds: "insufficient_funds",
};

export type Books = ReturnType<typeof createBooks>;

export function createBooks(options: { origin(): string; now(): number; onEvent(event: StripeEvent): void }) {
  const intents = new Map<string, Intent>();
  const disputes = new Map<string, Dispute>();
  /** `kind amount currency` of each movement of money, by intent. */
  const statements = new Map<string, string[]>();

  function tell(type: string, object: object): void {
    const created = Math.floor(options.now() / 1000);
    options.onEvent({ id: newId("evt"), object: "event", type, created, data: { object: structuredClone(object) } });
  }

  function book(intent: Intent, kind: string, amount: number): void {
    statements.get(intent.id)?.push(`${kind} ${amount} ${intent.currency}`);
  }

  function find(id: string): Intent {
    const intent = intents.get(id);
    if (!intent) throw invalid("resource_missing", `No such payment_intent: '${id}'`, 404);
    return intent;
  }

  function refuseUnless(isPossible: boolean, intent: Intent, verb: string): void {
    if (isPossible) return;
    const message = `This PaymentIntent could not be ${verb} because it has a status of ${intent.status}.`;
    throw invalid("payment_intent_unexpected_state", message);
  }

  function hold(intent: Intent): void {
    const { id, amount, currency, metadata } = intent;
    const charge = {
      amount,
      amount_captured: 0,
      amount_refunded: 0,
      captured: false,
      refunded: false,
      disputed: false,
    };
    intent.latest_charge = { id: newId("ch"), object: "charge", ...charge, currency, payment_intent: id, metadata };
    Object.assign(intent, { status: "requires_capture", amount_capturable: amount, next_action: null });
    book(intent, "authorized", amount);
    tell("payment_intent.amount_capturable_updated", intent);
  }

  function refuse(intent: Intent, failure: Failure): void {
    Object.assign(intent, { status: "requires_payment_method", last_payment_error: failure, next_action: null });
    tell("payment_intent.payment_failed", intent);
  }

  const books = {
    intents,

    create({ amount, currency, metadata, capture_method: method }: Record<string, unknown>): Intent {
      if (!(Number(amount) >= 1)) throw invalid("parameter_invalid_integer", `Invalid integer: ${amount}`);
      if (Number(amount) < 50) throw invalid("amount_too_small", "Amount must be at least 50 cents");
      if (method !== "manual") throw invalid("parameter_missing", "this shop captures by hand");
      const intent: Intent = {
        id: newId("pi"),
        object: "payment_intent",
        status: "requires_payment_method",
        created: Math.floor(options.now() / 1000),
        amount: Number(amount),
        amount_capturable: 0,
        amount_received: 0,
        currency: String(currency),
        metadata: (metadata ?? {}) as Record<string, string>,
        return_url: null,
        next_action: null,
        last_payment_error: null,
        latest_charge: null,
      };
      intents.set(intent.id, intent);
      statements.set(intent.id, []);
      return intent;
    },

    confirm(id: string, { payment_method: token, return_url: returnUrl }: Record<string, unknown>): Intent {
      const intent = find(id);
      refuseUnless(intent.status === "requires_payment_method", intent, "confirmed");
      intent.return_url = typeof returnUrl === "string" ? returnUrl : null;
      const declined = declines[String(token)];
      if (declined) {
        const failure = { type: "card_error", code: "card_declined", decline_code: declined, message: "declined." };
        refuse(intent, failure);
        throw new StripeFault(402, { ...failure, payment_intent: intent });
      }
      if (token === "pm_card_authenticationRequired") {
        const url = `${options.origin()}/bank/${id}`;
        const action = { type: "redirect_to_url", redirect_to_url: { url, return_url: intent.return_url } };
        return Object.assign(intent, { status: "requires_action", next_action: action });
      }
      if (token !== "pm_card_visa") throw invalid("resource_missing", `No such PaymentMethod: '${token}'`);
      hold(intent);
      return intent;
    },

    /** The buyer's answer on the page of their bank. Returns where their browser goes then. */
    authenticate(id: string, isApproved: boolean): string {
      const intent = find(id);
      if (intent.status === "requires_action") {
        const code = "payment_intent_authentication_failure";
        if (isApproved) hold(intent);
        else refuse(intent, { type: "invalid_request_error", code, message: "not authenticated" });
      }
      const status = isApproved ? "succeeded" : "failed";
      return `${intent.return_url}?payment_intent=${id}&redirect_status=${status}`;
    },

    capture(id: string, { amount_to_capture: asked }: Record<string, unknown> = {}): Intent {
      const intent = find(id);
      refuseUnless(intent.status === "requires_capture", intent, "captured");
      const amount = asked === undefined ? intent.amount_capturable : Number(asked);
      if (amount > intent.amount_capturable) throw invalid("amount_too_large", "more than the amount that is held");
      Object.assign(intent, { status: "succeeded", amount_capturable: 0, amount_received: amount });
      Object.assign(intent.latest_charge as Charge, { captured: true, amount_captured: amount });
      book(intent, "captured", amount);
      tell("payment_intent.succeeded", intent);
      return intent;
    },

    cancel(id: string): Intent {
      const intent = find(id);
      refuseUnless(intent.status !== "canceled" && intent.status !== "succeeded", intent, "canceled");
      if (intent.latest_charge) {
        book(intent, "voided", intent.amount_capturable);
        Object.assign(intent.latest_charge, { refunded: true, amount_refunded: intent.amount });
        tell("charge.refunded", intent.latest_charge);
      }
      Object.assign(intent, { status: "canceled", amount_capturable: 0, next_action: null });
      tell("payment_intent.canceled", intent);
      return intent;
    },

    refund({ payment_intent: id, amount: asked, metadata }: Record<string, unknown>): object {
      const intent = find(String(id));
      const charge = intent.latest_charge;
      if (!charge?.captured) throw invalid("charge_not_refundable", "the charge was not captured");
      if (charge.refunded) throw invalid("charge_already_refunded", `Charge ${charge.id} has already been refunded.`);
      if (isLost(intent.id)) throw invalid("charge_disputed", `Charge ${charge.id} has been charged back.`);
      const left = charge.amount_captured - charge.amount_refunded;
      const amount = asked === undefined ? left : Number(asked);
      charge.amount_refunded += amount;
      charge.refunded = charge.amount_refunded === charge.amount_captured;
      book(intent, "refunded", amount);
      tell("charge.refunded", charge);
      return { id: newId("re"), object: "refund", amount, payment_intent: id, metadata, status: "succeeded" };
    },

    dispute(intentId: string): string {
      const charge = find(intentId).latest_charge as Charge;
      charge.disputed = true;
      const dispute: Dispute = {
        id: newId("dp"),
        object: "dispute",
        charge: charge.id,
        payment_intent: intentId,
        status: "needs_response",
      };
      disputes.set(dispute.id, dispute);
      tell("charge.dispute.created", dispute);
      return dispute.id;
    },

    decideDispute(id: string, status: "won" | "lost"): void {
      const dispute = books.readDispute(id);
      dispute.status = status;
      const intent = find(dispute.payment_intent);
      if (status === "lost") book(intent, "charged_back", intent.amount_received);
      tell("charge.dispute.closed", dispute);
    },

    /** The bank of the buyer did not take the money that was refunded. */
    failRefund: (id: string) => tell("refund.failed", { id: newId("re"), object: "refund", payment_intent: id }),

    /** The newest first. */
    list({ created, limit = 10, starting_after: after }: Record<string, unknown>): object {
      const since = Number((created as { gte?: string })?.gte ?? 0);
      const all = [...intents.values()].toReversed().filter((intent) => intent.created >= since);
      const rest = all.slice(all.findIndex(({ id }) => id === after) + 1);
      return { object: "list", data: rest.slice(0, Number(limit)), has_more: rest.length > Number(limit) };
    },

    read: find,
    readDispute(id: string): Dispute {
      const dispute = disputes.get(id);
      if (!dispute) throw invalid("resource_missing", `No such dispute: '${id}'`, 404);
      return dispute;
    },
    disputesOf: (id: string) => [...disputes.values()].filter((dispute) => dispute.payment_intent === id),
    statement: (id: string) => statements.get(id) ?? [],
  };

  function isLost(intentId: string): boolean {
    return books.disputesOf(intentId).some(({ status }) => status === "lost");
  }

  return books;
}

function newId(kind: string): string {
  return `${kind}_${randomBytes(9).toString("hex")}`;
}
