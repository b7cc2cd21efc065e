/** Describes the rows of the simulated bank: a charge, and its entries in the statement. */
import type { Charge, Money } from "../provider.ts";

export type BankCharge = Money & {
  paymentId: string;
  chargeId: string;
  status: Charge["status"];
  declineReason: string | null;
  last4: string;
  /** Given back so far. */
  refundedMinor: number;
};

export type StatementLine = Money & { kind: "authorized" | "captured" | "voided" | "refunded" | "charged_back" };

export type Booking = {
  charge: BankCharge;
  /** Absent if no money moves. Once for each key. */
  line?: { kind: StatementLine["kind"]; amountMinor: number; key: string } | undefined;
  /** The status in the webhook, if it is not the charge's. */
  says?: string | undefined;
};
