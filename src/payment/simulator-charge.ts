/** The rows of the simulated bank: a charge, and what is booked of it. */
import type { Charge, Money } from "./provider.ts";

export type BankCharge = Money & {
  paymentId: string;
  chargeId: string;
  status: Charge["status"];
  declineReason: string | null;
  last4: string;
  /** Given back of it so far. */
  refundedMinor: number;
};

export type StatementLine = Money & { kind: "authorized" | "captured" | "voided" | "refunded" | "charged_back" };

export type Booking = {
  charge: BankCharge;
  /** Absent where no money moves. Once for each key. */
  line?: { kind: StatementLine["kind"]; amountMinor: number; key: string } | undefined;
  /** What the webhook says, where it is not the charge's status. */
  says?: string | undefined;
};
