/** Keeps the simulated bank's books: charges, and a statement with one line for each operation that really happened. */
import { mayBeOneRowsFault, type Queryable, type Sql, type Tx } from "#engines/sql";
import { createBatcher } from "#platform/batch";
import { randomHex } from "#platform/ids";
import type { Money } from "../provider.ts";
import type { BankCharge, Booking, StatementLine } from "./charge.ts";
import { behaviourOf } from "./test-cards.ts";
import { type Copy, postWebhooks } from "./webhook.ts";

export const bankColumns = `charge.payment_id as "paymentId", charge_id as "chargeId", status, decline_reason as "declineReason",
  charge.amount_minor as "amountMinor", charge.currency, card_last4 as "last4", refunded_minor as "refundedMinor"`;

export type Opening = Money & { paymentId: string; last4: string; resultMs: number };
export type Operation = keyof typeof operations;
export type Asked = { operation: Operation; paymentId: string; money?: Money };
export type Operated = { charge: BankCharge; moved: boolean };

/** Requests that come at the same time are written by one transaction. */
export function createBank({ sql, now }: { sql: Sql; now(): number }) {
  const size = { maxBatch: 500, maxWaiting: 20_000, mayBeOnesFault: mayBeOneRowsFault };
  const openings = createBatcher<Opening, BankCharge>({ ...size, run: (asked) => openCharges(sql, asked) });
  const works = createBatcher<Asked, Operated | undefined>({
    ...size,
    run: (asked) => sql.transaction((tx) => operateAll(tx, asked, now())),
  });

  return {
    /**
     * Idempotent by payment id: a repeated request returns the charge in its present state. Only four digits of the card
     * arrive here.
     */
    open: (asked: Opening): Promise<BankCharge> => openings.add(asked),
    /**
     * Does it once. If it is done or impossible, returns the charge in its present state.
     * @throws if the bank does not know the payment.
     */
    async operate(operation: Operation, paymentId: string, money?: Money): Promise<Operated> {
      const operated = await works.add({ operation, paymentId, ...(money && { money }) });
      if (!operated) throw new Error(`${operation}: the simulated bank knows no payment ${paymentId}`);
      return operated;
    },
  };
}

async function openCharges(sql: Queryable, asked: readonly Opening[]): Promise<BankCharge[]> {
  const byId = new Map(asked.map((one) => [one.paymentId, one]));
  const openings = [...byId.values()].map((one) => ({ ...one, ...behaviourOf(one.last4) }));
  const opened = await sql.query<BankCharge>(
    `insert into payment_simulator.charge
       (payment_id, charge_id, status, result, result_at, decline_reason, amount_minor, currency, card_last4)
     select payment_id, charge_id, 'processing', case when reason is null then 'authorized' else 'declined' end, result_at,
            reason, amount, currency, last4
       from unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::bigint[], $6::text[], $7::text[])
            as asked (payment_id, charge_id, result_at, reason, amount, currency, last4)
     on conflict (payment_id) do nothing returning ${bankColumns}`,
    [
      openings.map(({ paymentId }) => paymentId),
      openings.map(() => `ch_${randomHex(12)}`),
      openings.map(({ resultMs }) => new Date(resultMs)),
      openings.map(({ declines }) => declines ?? null),
      openings.map(({ amountMinor, excessMinor = 0 }) => amountMinor + excessMinor),
      openings.map(({ currency }) => currency),
      openings.map(({ last4 }) => last4),
    ],
  );
  const charges = new Map(opened.map((charge) => [charge.paymentId, charge]));
  for (const charge of await readCharges(
    sql,
    [...byId.keys()].filter((id) => !charges.has(id)),
  )) {
    charges.set(charge.paymentId, charge);
  }
  return asked.map(({ paymentId }) => charges.get(paymentId) as BankCharge);
}

const operations = {
  capture: { from: "authorized", to: "captured", key: "cap-" },
  void: { from: "authorized", to: "voided", key: "void-" },
  refund: { from: "captured", to: "refunded", key: "ref-" },
} as const;

/** Several operations of one charge are done one after another. */
async function operateAll(tx: Tx, asked: readonly Asked[], nowMs: number): Promise<(Operated | undefined)[]> {
  const answers: (Operated | undefined)[] = [];
  for (let left = [...asked.entries()]; left.length > 0; ) {
    const turn = new Map<string, [number, Asked]>();
    for (const one of left) if (!turn.has(one[1].paymentId)) turn.set(one[1].paymentId, one);
    const each = Array.from(turn.values(), ([, one]) => one);
    const operated = await operateEach(tx, each, nowMs);
    for (const [paymentId, [i]] of turn) answers[i] = operated.get(paymentId);
    left = left.filter((one) => turn.get(one[1].paymentId) !== one);
  }
  return answers;
}

/** Each of another charge. */
async function operateEach(tx: Tx, asked: readonly Asked[], nowMs: number): Promise<Map<string, Operated>> {
  const moved = await tx.query<BankCharge>(
    `update payment_simulator.charge set status = asked.target
       from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[])
            as asked (payment_id, source, target, amount, currency)
      where charge.payment_id = asked.payment_id and charge.payment_id = any($1::text[]) and status = asked.source
        and amount_minor = coalesce(asked.amount, amount_minor) and charge.currency = coalesce(asked.currency, charge.currency)
      returning ${bankColumns}`,
    [
      asked.map(({ paymentId }) => paymentId),
      asked.map(({ operation }) => operations[operation].from),
      asked.map(({ operation }) => operations[operation].to),
      asked.map(({ money }) => money?.amountMinor ?? null),
      asked.map(({ money }) => money?.currency ?? null),
    ],
  );
  const operationOf = new Map(asked.map(({ paymentId, operation }) => [paymentId, operation]));
  const booked = moved.map((charge): Booking => {
    const { to: kind, key } = operations[operationOf.get(charge.paymentId) as Operation];
    const amountMinor = kind === "refunded" ? charge.amountMinor - charge.refundedMinor : charge.amountMinor;
    return { charge, line: { kind, amountMinor, key } };
  });
  const operated = new Map(moved.map((charge) => [charge.paymentId, { charge, moved: true }]));
  const others = [...operationOf.keys()].filter((id) => !operated.has(id));
  book(tx, booked, nowMs);
  for (const charge of await readCharges(tx, others)) operated.set(charge.paymentId, { charge, moved: false });
  return operated;
}

/** Decides the charges that are due; they are to be booked. */
export async function decideDue(tx: Tx, nowMs: number, limit: number): Promise<Booking[]> {
  const charges = await tx.query<BankCharge>(
    `with due as (
       select payment_id from payment_simulator.charge where status = 'processing' and result_at <= $1
        order by result_at limit $2 for update skip locked
     )
     update payment_simulator.charge set status = result from due where charge.payment_id = due.payment_id
     returning ${bankColumns}`,
    [new Date(nowMs), limit],
  );
  return charges.map((charge): Booking => {
    const kind = charge.status as StatementLine["kind"] | "declined";
    return {
      charge,
      line: kind === "declined" ? undefined : { kind, amountMinor: charge.amountMinor, key: "auth-" },
    };
  });
}

/** One transaction writes the operation, its line in the statement and its webhook. `claims`: see `postWebhooks`. */
export function book(tx: Tx, booked: readonly Booking[], nowMs: number, claims = false): Copy[] {
  writeLines(tx, booked, nowMs);
  return postWebhooks(tx, booked, nowMs, claims);
}

function writeLines(tx: Tx, booked: readonly Booking[], nowMs: number): void {
  const lines = booked.flatMap(({ charge, line }) => (line ? [{ ...charge, ...line }] : []));
  if (lines.length === 0) return;
  tx.write(
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
}

export async function readCharge(sql: Queryable, paymentId: string): Promise<BankCharge | undefined> {
  return (await readCharges(sql, [paymentId]))[0];
}

async function readCharges(sql: Queryable, paymentIds: readonly string[]): Promise<BankCharge[]> {
  if (paymentIds.length === 0) return [];
  return sql.query<BankCharge>(
    `select ${bankColumns} from payment_simulator.charge where payment_id = any($1::text[])`,
    [paymentIds],
  );
}

export function readStatement(sql: Queryable, paymentId: string): Promise<StatementLine[]> {
  return sql.query<StatementLine>(
    `select kind, amount_minor as "amountMinor", currency from payment_simulator.statement
      where payment_id = $1 order by line`,
    [paymentId],
  );
}
