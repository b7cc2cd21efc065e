/**
 * Defines the states of one payment. A state is what we have decided and know; three of them name what we still owe the
 * provider. Every payment moves only by this table, with its intent locked.
 */
export const paymentStates = [
  "requested", // asked for; it is not known how the provider decides
  "authorized", // the amount is held for us, nothing is taken
  "capturing", // the order is confirmed: the amount is to be captured
  "captured",
  "declined", // nothing is held
  "voiding", // not wanted any more: the hold is to be released
  "voided",
  "refunding", // captured and not wanted any more: to be given back
  "refunded",
  "charged_back", // the buyer's bank took it back
] as const;

export type PaymentState = (typeof paymentStates)[number];

/** The state of a charge at the provider. Facts arrive early, late, repeatedly and in any order. */
export const facts = [
  "processing",
  "authorized",
  "declined",
  "captured",
  "voided",
  "refunded",
  "charged_back",
  "not_received",
  "reversed", // in answer to our question, the provider says that a captured charge is void: not an old message that comes late
] as const;
export type Fact = (typeof facts)[number];

/** Our own decisions: the order is confirmed, or the order is over. */
export const decisions = ["capture", "close"] as const;
export type Decision = (typeof decisions)[number];

/**
 * `unwanted` is a fact about money that must not stay with us: the intent is closed, or the amount or currency differs
 * from the request. It counts as the fact followed at once by `close`.
 */
export function afterFact(state: PaymentState, fact: Fact, { unwanted }: { unwanted: boolean }): PaymentState {
  const next = transitions[state][fact] ?? state;
  return unwanted ? afterDecision(next, "close") : next;
}

export function afterDecision(state: PaymentState, decision: Decision): PaymentState {
  return transitions[state][decision] ?? state;
}

/** An absent transition changes nothing: the fact is old, repeated, or says less than we know. */
const transitions: Record<PaymentState, Partial<Record<Fact | Decision, PaymentState>>> = {
  requested: {
    authorized: "authorized",
    captured: "captured",
    declined: "declined",
    voided: "voided",
    reversed: "voided",
    refunded: "refunded",
    charged_back: "charged_back",
    not_received: "declined",
    // close: the request may still be granted, so we wait for the result and then undo it.
  },
  authorized: {
    captured: "captured",
    voided: "voided", // the provider let the hold lapse
    reversed: "voided",
    refunded: "refunded",
    charged_back: "charged_back",
    capture: "capturing",
    close: "voiding",
  },
  capturing: {
    captured: "captured",
    voided: "voided",
    reversed: "voided",
    refunded: "refunded",
    charged_back: "charged_back",
    close: "voiding",
  },
  captured: {
    // voided: may be an old message, so the provider is asked, and answers `reversed` if it is true.
    reversed: "voided",
    refunded: "refunded",
    charged_back: "charged_back",
    close: "refunding",
  },
  // Another attempt may be live by now, so a grant after we gave up is never kept.
  declined: {
    authorized: "voiding",
    captured: "refunding",
    refunded: "refunded",
    charged_back: "charged_back",
  },
  voiding: {
    voided: "voided",
    reversed: "voided",
    captured: "refunding", // a capture was under way when the order ended
    refunded: "refunded",
    charged_back: "charged_back",
  },
  voided: {
    captured: "refunding",
    refunded: "refunded",
    charged_back: "charged_back",
  },
  refunding: {
    reversed: "voided",
    refunded: "refunded",
    charged_back: "charged_back",
  },
  refunded: {},
  charged_back: {},
};

export type Owed = "capture" | "void" | "refund";

/** The request that the provider still has to answer; it is repeated until it does. */
export function owed(state: PaymentState): Owed | undefined {
  switch (state) {
    case "capturing":
      return "capture";
    case "voiding":
      return "void";
    case "refunding":
      return "refund";
    default:
      return undefined;
  }
}

/** A live payment blocks further payments of its order. A dead one never becomes live again. */
export function isLive(state: PaymentState): boolean {
  return state === "requested" || isPaid(state);
}

/**
 * The verdict over all attempts of an order. `authorized` also once captured; `processing`: the provider is deciding.
 */
export type Verdict = "authorized" | "processing" | "open";

export function verdictOf(states: readonly PaymentState[]): Verdict {
  if (states.some(isPaid)) return "authorized";
  return states.some(isLive) ? "processing" : "open";
}

/** The money is captured, or will be. */
export function isPaid(state: PaymentState): boolean {
  return state === "authorized" || state === "capturing" || state === "captured";
}
