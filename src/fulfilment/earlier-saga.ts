/**
 * Tells the story of one order whose units are already held: it is paid in time and confirmed, or it ends and gives
 * them back. Earlier versions began a run of it for each order that came into the books. None is begun any more, and those
 * that are open go on to their end: docs/adr/0056-a-run-when-there-is-something-to-do.md.
 *
 * It is pure and imports types only, so that it is the same text on every workflow engine and in a plain call. Only the
 * books say what has happened: every step reads them first. So the story may run twice, in two processes at a time, and
 * again from its beginning after a crash, and no unit and no money is counted twice.
 */
import type { WaitForNudge } from "#engines/workflows";
import type { Verdict } from "#payment";

export type PlacedOrder = {
  orderId: string;
  productId: string;
  userId: string;
  quantity: number;
  totalMinor: number;
  currency: string;
  /** Milliseconds since 1970. The units are held for the buyer until then. */
  payByMs: number;
  /**
   * Until then the units are held if the provider is still deciding at `payByMs`. Absent in runs that began in an
   * earlier version.
   */
  heldUntilMs?: number;
  /** Its buyer may extend the deadline. Absent in runs that began in an earlier version, which never ask for it again. */
  extendable?: true;
};

export type EndReason =
  /** Nothing was authorized by the deadline. */
  | "payment_timeout"
  /** Only in runs of versions that gave up the opening of a payment after five attempts. */
  | "payment_unavailable"
  /** The order had ended before: by its buyer, an admin, or the scan for overdue orders. */
  | "cancelled";

/**
 * All are idempotent by order id. Every expected result is a value; a step that throws has an unknown outcome and is
 * repeated until it succeeds. So an error never ends an order: a database that is down for a minute decides nothing.
 */
export type FulfilmentSteps = {
  /** Whether the books still hold the units for this order; `gone` once it has ended. */
  holdUnits(order: PlacedOrder): Promise<"held" | "gone">;
  /** From here on the buyer may pay. No effect on an order that has ended. */
  requestPayment(order: PlacedOrder): Promise<void>;
  /**
   * A declined card leaves the verdict open: the buyer may try another one while the units are held. `cancelled`: the
   * order has ended, or its deadline passed while the provider was deciding.
   */
  readVerdict(order: PlacedOrder): Promise<Verdict | "cancelled">;
  /** The deadline in the books, milliseconds since 1970: later than the order's own once its buyer has extended it. */
  readDeadline(order: PlacedOrder): Promise<number>;
  /** Compares and sets the order; `lost` if it had ended before. */
  confirm(order: PlacedOrder): Promise<"confirmed" | "lost">;
  capturePayment(order: PlacedOrder): Promise<void>;
  /**
   * Cancels every authorization, present or future, and refunds what was captured, for good. Does nothing while the
   * order's payment is undecided.
   */
  voidPayment(order: PlacedOrder): Promise<void>;
  /**
   * Compares and sets the order, and gives its units back in the same transaction. Its first reason stays. If the
   * provider is still deciding at the deadline, the order gets no end yet: late.ts ends it.
   */
  endOrder(end: { order: PlacedOrder; reason: EndReason }): Promise<"ended" | "already_confirmed">;
};

export type FulfilmentOutcome = "confirmed" | "failed" | "cancelled";

export async function fulfil(
  order: PlacedOrder,
  steps: FulfilmentSteps,
  waitForNudge: WaitForNudge,
): Promise<FulfilmentOutcome> {
  const reason = await confirmOnceAuthorized(order, steps, waitForNudge);
  // The order is ended first and the payment voided second: an authorization that arrives in between finds an order
  // that cannot be confirmed. In the other sequence a run that had read the verdict before could still confirm it, with
  // the money gone.
  if (reason && (await steps.endOrder({ order, reason })) === "ended") {
    await steps.voidPayment(order);
    return reason === "cancelled" ? "cancelled" : "failed";
  }
  await steps.capturePayment(order);
  return "confirmed";
}

/** Returns why the order must end, or nothing once it is confirmed. */
async function confirmOnceAuthorized(
  order: PlacedOrder,
  steps: FulfilmentSteps,
  waitForNudge: WaitForNudge,
): Promise<EndReason | undefined> {
  if ((await steps.holdUnits(order)) === "gone") return "cancelled";
  try {
    await steps.requestPayment(order);
  } catch {
    // No engine throws here any more; runs that got an error from an earlier version went on with this.
    return "payment_unavailable";
  }
  const verdict = await verdictInTime(order, steps, waitForNudge);
  if (verdict === "cancelled") return "cancelled";
  if (verdict === "open") return "payment_timeout";
  return (await steps.confirm(order)) === "lost" ? "cancelled" : undefined;
}

async function verdictInTime(order: PlacedOrder, steps: FulfilmentSteps, waitForNudge: WaitForNudge) {
  const { payByMs, heldUntilMs = payByMs } = order;
  const { verdict, deadlineMs } = await verdictByLastDeadline();
  if (verdict !== "processing") return verdict;
  // Requested in time and not decided: the units are held longer for it, once, and not for long.
  const late = await verdictBy(deadlineMs + heldUntilMs - payByMs, (each) => each === "processing");
  return late === "processing" ? "open" : late;

  /** An order is extended once, so this asks for the deadline twice at most. */
  async function verdictByLastDeadline() {
    for (let deadlineMs = payByMs; ; ) {
      const verdict = await verdictBy(deadlineMs, isUndecided);
      if (!isUndecided(verdict) || !order.extendable) return { verdict, deadlineMs };
      const laterMs = await steps.readDeadline(order);
      if (laterMs <= deadlineMs) return { verdict, deadlineMs };
      deadlineMs = laterMs;
    }
  }

  /** Ends at the deadline: until then each turn waits for news, which may be a declined card. */
  async function verdictBy(deadlineMs: number, goesOn: (verdict: Reading) => boolean): Promise<Reading> {
    for (;;) {
      const verdict = await steps.readVerdict(order);
      if (!goesOn(verdict)) return verdict;
      // A nudge may have been lost, so the books decide.
      if ((await waitForNudge(deadlineMs)) === "deadline") return steps.readVerdict(order);
    }
  }
}

function isUndecided(verdict: Reading): boolean {
  return verdict === "open" || verdict === "processing";
}

type Reading = Awaited<ReturnType<FulfilmentSteps["readVerdict"]>>;
