/**
 * Asks the provider for what a payment's state owes. No lock is held and no transaction is open while the provider
 * answers.
 */
import type { Sql } from "#engines/sql";
import { crashPoint } from "#platform/crash-points";
import type { Changes } from "./changes.ts";
import { record } from "./facts.ts";
import { chargesOf } from "./free.ts";
import { noteFailure, type Payment } from "./payment-rows.ts";
import type { Charge, Provider } from "./provider.ts";
import { type Owed, owed } from "./state.ts";

export type PerformDeps = { sql: Sql; changes: Changes; provider: Provider };

export type Performed = { ok: true; payment: Payment } | { ok: false; error: Error };

/**
 * Repeatable: the provider knows each operation by its key. A failure is stored with the payment, and the sweep tries
 * again.
 */
export async function perform(deps: PerformDeps, payment: Payment): Promise<Performed> {
  const { sql, changes, provider } = deps;
  const owes = owed(payment.state);
  if (!owes) return { ok: true, payment };
  let charge: Charge;
  try {
    charge = await ask(provider, owes, payment);
  } catch (error) {
    return failed(new Error(`${owes} of payment ${payment.paymentId} failed`, { cause: error }));
  }
  await crashPoint(`payment.${owes}-answered`);
  // The answer to a refund is the present state of the charge; a capture may have overtaken the other answers.
  const isCurrent = owes === "refund";
  const settled = await record(changes, payment.paymentId, charge, { isCurrent });
  if (!settled || settled.payment.state === payment.state) {
    const { paymentId } = payment;
    return failed(
      new Error(`asked to ${owes} payment ${paymentId}, the provider answered that it is ${charge.status}`),
    );
  }
  // A hold that was captured in the meantime owes a refund. States only move forward, so this ends.
  return perform(deps, settled.payment);

  async function failed(error: Error): Promise<Performed> {
    await noteFailure(sql, payment, error);
    return { ok: false, error };
  }
}

function ask(provider: Provider, owes: Owed, payment: Payment) {
  const { paymentId, providerRef, amountMinor, currency } = payment;
  const charges = chargesOf(provider, payment);
  switch (owes) {
    case "capture":
      return charges.capture({ paymentId, providerRef, amountMinor, currency });
    case "void":
      return charges.void({ paymentId, providerRef });
    case "refund":
      return charges.refund({ paymentId, providerRef });
  }
}
