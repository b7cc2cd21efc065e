/** Answers for payments of nothing, about which no provider is asked: none takes an amount of zero. */
import type { Charge, Money, Provider } from "./provider.ts";

export type Charges = Pick<Provider, "authorize" | "capture" | "void" | "refund" | "lookup">;

/** Those of the provider; for a payment of nothing, its own, of which each operation succeeds at once. */
export function chargesOf(provider: Provider, { amountMinor, currency }: Money): Charges {
  if (amountMinor > 0) return provider;
  const answer =
    (status: Charge["status"]) =>
    async ({ paymentId }: { paymentId: string }) => ({ providerRef: paymentId, status, amountMinor, currency });
  return {
    authorize: answer("authorized"),
    capture: answer("captured"),
    void: answer("voided"),
    refund: answer("refunded"),
    lookup: answer("authorized"),
  };
}
