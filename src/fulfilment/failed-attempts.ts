/** Tells an open order that an attempt to pay it came to nothing. Its buyer reads why, and may pay again. */
import type { Orders, TimelineEntry } from "#orders";
import type { FailedAttempt } from "#payment";

/** The same failure told twice counts once. */
export async function tellFailedAttempt(
  orders: Pick<Orders, "note">,
  orderId: string,
  kind: FailedAttempt,
  { at, declineReason }: { at: Date; declineReason: string | null },
): Promise<void> {
  await orders.note(orderId, { ...entries[kind](declineReason), at: at.toISOString() });
}

const entries: Record<FailedAttempt, (declineReason: string | null) => Omit<TimelineEntry, "at">> = {
  declined: (declineReason) => ({ status: "PAYMENT_DECLINED", reason: declineReason ?? "declined" }),
  returned: () => ({ status: "PAYMENT_RETURNED", reason: "returned_by_provider" }),
};
