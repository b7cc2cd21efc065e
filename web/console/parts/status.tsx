/** A status is a dot and a word, never a colour alone. */

export type Tone = "ok" | "warn" | "bad" | "info" | "still";

export function Status({ tone, children }: { tone: Tone; children: string }) {
  return (
    <span className="status">
      <span className={`dot ${tone}`} aria-hidden="true" />
      {children}
    </span>
  );
}

const ofOrders: Record<string, Tone> = {
  CONFIRMED: "ok",
  PAYMENT_PENDING: "info",
  INVENTORY_RESERVED: "info",
  PENDING: "info",
  FAILED: "bad",
  CANCELLED: "still",
  REFUNDED: "warn",
};

const words: Record<string, string> = {
  PENDING: "Accepted",
  INVENTORY_RESERVED: "Units held",
  PAYMENT_PENDING: "Waiting for payment",
  CONFIRMED: "Paid",
  FAILED: "Failed",
  CANCELLED: "Cancelled",
  REFUNDED: "Refunded",
};

export function statusWord(status: string): string {
  return words[status] ?? sentenceOf(status);
}

export function OrderStatus({ status }: { status: string }) {
  return <Status tone={ofOrders[status] ?? "still"}>{statusWord(status)}</Status>;
}

/** `cancelled_by_admin` reads as `Cancelled by admin`; what a person typed stays as it is. */
export function sentenceOf(code: string): string {
  if (!/^(?:[a-z_]+|[A-Z_]+)$/.test(code)) return code;
  const text = code.toLowerCase().replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
