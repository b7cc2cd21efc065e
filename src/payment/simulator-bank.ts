/** Keeps the simulated bank's books: charges, and a statement with one line for each operation that really happened. */
import type { Queryable, Sql, Tx } from "#engines/sql";
import { randomHex } from "#platform/ids";
import type { Money } from "./provider.ts";
import type { BankCharge, Booking, StatementLine } from "./simulator-charge.ts";
import { postWebhooks } from "./simulator-webhook.ts";
import { behaviourOf } from "./test-cards.ts";

export const bankColumns = `charge.payment_id as "paymentId", charge_id as "chargeId", status, decline_reason as "declineReason",
  charge.amount_minor as "amountMinor", charge.currency, card_last4 as "last4", refunded_minor as "refundedMinor"`;
const columns = bankColumns;

/**
 * Idempotent by payment id: a repeated request returns the charge in its present state. Only four digits of the card
 * arrive here.
 */
export async function openCharge(
  sql: Queryable,
  asked: Money & { paymentId: string; last4: string; resultMs: number },
): Promise<BankCharge> {
  const { declines, excessMinor = 0 } = behaviourOf(asked.last4);
  const [charge] = await sql.query<BankCharge>(
    `insert into payment_simulator.charge
       (payment_id, charge_id, status, result, result_at, decline_reason, amount_minor, currency, card_last4)
     values ($1, $2, 'processing', $3, $4, $5, $6, $7, $8)
     on conflict (payment_id) do update set payment_id = excluded.payment_id
     returning ${columns}`,
    [
      asked.paymentId,
      `ch_${randomHex(12)}`,
      declines ? "declined" : "authorized",
      new Date(asked.resultMs),
      declines ?? null,
      asked.amountMinor + excessMinor,
      asked.currency,
      asked.last4,
    ],
  );
  return charge as BankCharge;
}

const operations = {
  capture: { from: "authorized", to: "captured", key: "cap-" },
  void: { from: "authorized", to: "voided", key: "void-" },
  refund: { from: "captured", to: "refunded", key: "ref-" },
} as const;

/** Does it once. If it is done or impossible, returns the charge in its present state. */
export function operate(
  sql: Sql,
  operation: keyof typeof operations,
  paymentId: string,
  nowMs: number,
  { amountMinor, currency }: Partial<Money> = {},
): Promise<{ charge: BankCharge; moved: boolean }> {
  const { from, to, key } = operations[operation];
  return sql.transaction(async (tx) => {
    const [charge] = await tx.query<BankCharge>(
      `update payment_simulator.charge set status = $3
        where payment_id = $1 and status = $2 and amount_minor = coalesce($4, amount_minor)
          and currency = coalesce($5, currency)
        returning ${columns}`,
      [paymentId, from, to, amountMinor ?? null, currency ?? null],
    );
    if (charge) {
      const given = operation === "refund" ? charge.amountMinor - charge.refundedMinor : charge.amountMinor;
      await book(tx, [{ charge, line: { kind: to, amountMinor: given, key } }], nowMs);
      return { charge, moved: true };
    }
    const standing = await readCharge(tx, paymentId);
    if (!standing) throw new Error(`${operation}: the simulated bank knows no payment ${paymentId}`);
    return { charge: standing, moved: false };
  });
}

/** Decides the charges that are due. Returns how many. */
export function decideDue(sql: Sql, nowMs: number, limit: number): Promise<number> {
  return sql.transaction(async (tx) => {
    const charges = await tx.query<BankCharge>(
      `with due as (
         select payment_id from payment_simulator.charge where status = 'processing' and result_at <= $1
          order by result_at limit $2 for update skip locked
       )
       update payment_simulator.charge set status = result from due where charge.payment_id = due.payment_id
       returning ${columns}`,
      [new Date(nowMs), limit],
    );
    const booked = charges.map((charge): Booking => {
      const kind = charge.status as StatementLine["kind"] | "declined";
      return {
        charge,
        line: kind === "declined" ? undefined : { kind, amountMinor: charge.amountMinor, key: "auth-" },
      };
    });
    if (booked.length > 0) await book(tx, booked, nowMs);
    return charges.length;
  });
}

/** One transaction writes the operation, its line in the statement and its webhook. */
export async function book(tx: Tx, booked: readonly Booking[], nowMs: number): Promise<void> {
  const lines = booked.flatMap(({ charge, line }) => (line ? [{ ...charge, ...line }] : []));
  await tx.query(
    `insert into payment_simulator.statement (idempotency_key, payment_id, kind, amount_minor, currency, booked_at)
     select line.key || line.payment_id, line.payment_id, line.kind, line.amount, line.currency, $6
       from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[])
            as line (key, payment_id, kind, amount, currency)`,
    [
      lines.map(({ key }) => key),
      lines.map(({ paymentId }) => paymentId),
      lines.map(({ kind }) => kind),
      lines.map(({ amountMinor }) => amountMinor),
      lines.map(({ currency }) => currency),
      new Date(nowMs),
    ],
  );
  await postWebhooks(tx, booked, nowMs);
}

export async function readCharge(sql: Queryable, paymentId: string): Promise<BankCharge | undefined> {
  const [charge] = await sql.query<BankCharge>(
    `select ${columns} from payment_simulator.charge where payment_id = $1`,
    [paymentId],
  );
  return charge;
}

export function readStatement(sql: Queryable, paymentId: string): Promise<StatementLine[]> {
  return sql.query<StatementLine>(
    `select kind, amount_minor as "amountMinor", currency from payment_simulator.statement
      where payment_id = $1 order by line`,
    [paymentId],
  );
}
