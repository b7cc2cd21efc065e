/**
 * Performs operations at the simulated bank that bypass the shop: by its staff (refund, void or capture) and by card
 * holders (dispute). Each is on the statement if money moves, and is reported by webhook.
 */
import type { Sql } from "#engines/sql";
import { randomHex } from "#platform/ids";
import { bankColumns, book } from "./bank.ts";
import type { BankCharge, StatementLine } from "./charge.ts";

export type DeedByHand =
  | { deed: "capture" }
  | { deed: "void" }
  /** The whole rest if no amount is given. */
  | { deed: "refund"; amountMinor?: number }
  | { deed: "dispute" | "win_dispute" }
  /** The bank takes the money back for the holder. */
  | { deed: "charge_back" };

/** false if the charge is not in a state for it. */
export function doByHand(sql: Sql, paymentId: string, asked: DeedByHand, nowMs: number): Promise<boolean> {
  return sql.transaction(async (tx) => {
    const [standing] = await tx.query<BankCharge>(
      `select ${bankColumns} from payment_simulator.charge where payment_id = $1 for update`,
      [paymentId],
    );
    const does = standing && planOf(standing, asked);
    if (!does) return false;
    const [charge] = await tx.query<BankCharge>(
      `update payment_simulator.charge set status = $2, refunded_minor = refunded_minor + $3
        where payment_id = $1 returning ${bankColumns}`,
      [paymentId, does.status, asked.deed === "refund" ? does.amountMinor : 0],
    );
    const { kind, amountMinor = 0, says } = does;
    const line = kind && { kind, amountMinor, key: `hand-${randomHex(8)}-` };
    book(tx, [{ charge: charge as BankCharge, line, says }], nowMs);
    return true;
  });
}

type Plan = {
  status: BankCharge["status"];
  kind?: StatementLine["kind"];
  amountMinor?: number;
  /** The status in the webhook, if it differs. */
  says?: string;
};

function planOf({ status, amountMinor: total, refundedMinor }: BankCharge, asked: DeedByHand): Plan | undefined {
  const left = total - refundedMinor;
  if (status === "authorized") {
    if (asked.deed === "capture") return { status: "captured", kind: "captured", amountMinor: total };
    return asked.deed === "void" ? { status: "voided", kind: "voided", amountMinor: total } : undefined;
  }
  if (status !== "captured") return undefined;
  switch (asked.deed) {
    case "capture":
      return undefined;
    case "void":
      return { status: "voided", kind: "refunded", amountMinor: left };
    case "refund": {
      const amountMinor = Math.min(left, asked.amountMinor ?? left);
      if (amountMinor === left) return { status: "refunded", kind: "refunded", amountMinor };
      return { status, kind: "refunded", amountMinor, says: "partially_refunded" };
    }
    case "charge_back":
      return { status: "charged_back", kind: "charged_back", amountMinor: left };
    case "dispute":
      return { status, says: "disputed" };
    case "win_dispute":
      return { status, says: "dispute_won" };
  }
}
