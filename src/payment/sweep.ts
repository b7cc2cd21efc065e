/**
 * Settles payments that lost replies, lost webhooks and crashes left open. Any number of processes may sweep at once.
 */
import type { Sql } from "#engines/sql";
import type { Log } from "#platform/log";
import { clearDoubts } from "./doubts.ts";
import { type FactSource, record } from "./facts.ts";
import { chargesOf } from "./free.ts";
import { newsOf, writeNews } from "./news.ts";
import { claimUnsettled, type Payment } from "./payment-rows.ts";
import { perform } from "./perform.ts";

export type SweepCounts = {
  /** Payments that the provider decided, or for which it did what was owed. */
  settled: number;
  /** The provider has no result yet. */
  waiting: number;
  /** Not done, or not answered: tried again after a growing pause of at most a minute. */
  failed: number;
};

export type SweepDeps = FactSource & { log: Log };

/**
 * A request that the provider does not know after this time counts as lost, and the buyer may try again. If it arrives
 * after all, it is undone like any other late payment.
 */
const lostAfterMs = 10_000;

/**
 * A buyer whom their bank asks may answer this long after the time to pay. Then the attempt is withdrawn, so that its order
 * does not wait for a buyer who has left.
 */
const withdrawAfterMs = 60_000;
/** An order is extended once, by at most so much. */
const longestExtensionMs = 600_000;

/** With the pauses between them these are about five minutes: longer than a provider's short outage. */
const refusedAfterTries = 10;

const paymentsAtOnce = 50;
/** A sweep ends even if work comes in as fast as it is done; the next one goes on. */
const maxRounds = 20;

export async function sweepPayments(deps: SweepDeps): Promise<SweepCounts> {
  const counts: SweepCounts = { settled: 0, waiting: 0, failed: 0 };
  for (let round = 0; round < maxRounds; round += 1) {
    const due = await claimUnsettled(deps.sql, deps.now(), paymentsAtOnce);
    for (const outcome of await Promise.all(due.map((payment) => sweepOne(deps, payment)))) counts[outcome] += 1;
    if (due.length < paymentsAtOnce) break;
  }
  await clearDoubts(deps);
  return counts;
}

/** The same for the payments of one order, which has few. */
export async function sweepOrder(deps: SweepDeps, orderId: string): Promise<void> {
  const due = await claimUnsettled(deps.sql, deps.now(), paymentsAtOnce, orderId);
  await Promise.all(due.map((payment) => sweepOne(deps, payment)));
}

/** Never throws: one bad payment does not stop the others. */
async function sweepOne(deps: SweepDeps, payment: Payment): Promise<keyof SweepCounts> {
  try {
    if (payment.state === "requested") return await lookUp(deps, payment);
    const performed = await perform(deps, payment);
    if (performed.ok) return "settled";
    throw performed.error;
  } catch (error) {
    const { paymentId, orderId, state, tries } = payment;
    deps.log.warn("payment not settled", { paymentId, orderId, state, tries }, error);
    if (state === "refunding" && tries >= refusedAfterTries) await noteRefused(deps, payment);
    return "failed";
  }
}

/** The row of one payment is written once, however often the refund is refused. */
async function noteRefused({ sql, log, now }: SweepDeps, payment: Payment): Promise<void> {
  try {
    await sql.transaction(async (tx) => writeNews(tx, [newsOf(payment, "refund_refused")], now()));
  } catch (error) {
    log.warn("a refund that is refused could not be noted", { paymentId: payment.paymentId }, error);
  }
}

async function lookUp(
  { sql, changes, provider, now, announce }: SweepDeps,
  payment: Payment,
): Promise<"settled" | "waiting"> {
  const charges = chargesOf(provider, payment);
  let charge = await charges.lookup(payment);
  if (charge?.status === "processing" && (await isOver(sql, payment.orderId, now()))) {
    charge = await charges.void({ ...payment, providerRef: charge.providerRef });
  }
  if (charge?.status === "processing") return "waiting";
  if (!charge && now() - payment.requestedAt.getTime() < lostAfterMs) return "waiting";
  await announce(await record(changes, payment.paymentId, charge ?? "not_received"));
  return "settled";
}

/**
 * The last call is made by the order's own deadline. Without it the one that is written here may be a former one, because a
 * process may have died right after it extended the order; or the order was cancelled, and the run that closes it was lost.
 */
async function isOver(sql: Sql, orderId: string, nowMs: number): Promise<boolean> {
  const over = await sql.query(
    `select from payment.intent
      where order_id = $1 and (closed_at is not null or (last_call_at is not null and pay_by < $2) or pay_by < $3)`,
    [orderId, new Date(nowMs - withdrawAfterMs), new Date(nowMs - withdrawAfterMs - longestExtensionMs)],
  );
  return over.length > 0;
}
