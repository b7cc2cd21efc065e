/**
 * What becomes of one payment. The state is what we have decided and know; three of the states name what
 * we still owe the provider. Every payment moves only through this table, under the lock of its intent.
 */
export const paymentStates = [
  "requested", // asked for; it is not known how the provider decides
  "authorized", // the amount is held for us, nothing is taken
  "capturing", // the order stands: the amount is to be taken
  "captured",
  "declined", // nothing is held
  "voiding", // not wanted any more: the hold is to be given up
  "voided",
  "refunding", // taken and not wanted any more: to be given back
  "refunded",
  "charged_back", // the buyer's bank took it back
] as const;

export type PaymentState = (typeof paymentStates)[number];

/** How a charge stands at the provider. Facts arrive early, late, repeatedly and in any order. */
export const facts = [
  "processing",
  "authorized",
  "declined",
  "captured",
  "voided",
  "refunded",
  "charged_back",
  "not_received",
  "reversed", // asked, the provider says that what was taken is void: no old message that comes late
] as const;
export type Fact = (typeof facts)[number];

/** What we decide ourselves: the order stands, or the order is over. */
export const decisions = ["capture", "close"] as const;
export type Decision = (typeof decisions)[number];

/**
 * `unwanted` is a fact about money that must not stay with us: the intent is closed, or the amount or
 * currency is not what was asked for. It counts as the fact followed at once by `close`.
 */
export function afterFact(state: PaymentState, fact: Fact, { unwanted }: { unwanted: boolean }): PaymentState {
  const next = transitions[state][fact] ?? state;
  return unwanted ? afterDecision(next, "close") : next;
}

export function afterDecision(state: PaymentState, decision: Decision): PaymentState {
  return transitions[state][decision] ?? state;
}

/** What is absent changes nothing: the fact is old, repeated, or says less than we know. */
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
    // close: what was asked for may still be granted, so the provider's decision is waited for and then undone.
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
    // voided: may be an old message, so the provider is asked, and says `reversed` if it is so.
    reversed: "voided",
    refunded: "refunded",
    charged_back: "charged_back",
    close: "refunding",
  },
  // Another attempt may live by now, so a grant that comes after we gave up is never kept.
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

/** What the provider is still to be asked for, again and again until it answers. */
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

/** A live payment keeps its order from being paid again. What is dead never lives again. */
export function isLive(state: PaymentState): boolean {
  return state === "requested" || isPaid(state);
}

/**
 * What an order's attempts come to. `authorized` also once captured: the order has been paid for. `processing`: the
 * provider is deciding. `open`: there is no such attempt, so the buyer may try again in time.
 */
export type Verdict = "authorized" | "processing" | "open";

export function verdictOf(states: readonly PaymentState[]): Verdict {
  if (states.some(isPaid)) return "authorized";
  return states.some(isLive) ? "processing" : "open";
}

/** The money is ours to take, or taken. */
export function isPaid(state: PaymentState): boolean {
  return state === "authorized" || state === "capturing" || state === "captured";
}
