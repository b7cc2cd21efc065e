/** Delivers the simulated provider's webhooks: at least once, for about a quarter of an hour. */
import type { Sql, Tx } from "#engines/sql";
import { goOn, within } from "#platform/deadline";
import { signWebhook } from "#platform/standard-webhooks";
import { messageOf } from "#platform/thrown";
import { book, decideDue } from "./bank.ts";
import { type Copy, claimedForMs } from "./webhook.ts";

/** Resolves once the receiver has accepted the webhook. */
export type Deliver = (body: Buffer, headers: Record<string, string>) => Promise<void>;

export type Courier = {
  /**
   * Decides the charges that are due and delivers the webhooks that are due; returns how many deliveries were accepted.
   * `goesOn`: once it is false, only the deliveries that are under way are waited for.
   */
  deliverDue(deliver: Deliver, goesOn?: () => boolean): Promise<Delivered>;
};

/** `nextDueMs`: when the next result or webhook is due. */
export type Delivered = { accepted: number; nextDueMs: number | undefined };

const batchSize = 500;
/** The next turn does not wait longer for the answers to this one's deliveries, so that webhooks that fall due meanwhile leave. */
const gatherMs = 20;
/** The pauses between tries double from five seconds to a minute. */
const maxAttempts = 20;

type Sent = { eventId: string; copy: number; error: string | null };

const isSent = "webhook.event_id = sent.event_id and webhook.copy = sent.copy and webhook.event_id = any($1::text[])";

export function createCourier({ sql, secret, now }: { sql: Sql; secret: string; now(): number }): Courier {
  /** One transaction notes what was sent, decides what is due, and claims what is to be sent next. */
  function turn(sent: readonly Sent[], claims: boolean): Promise<Copy[]> {
    return sql.transaction(async (tx) => {
      note(tx, sent);
      // Asked for together: one trip to PostgreSQL.
      const [due, decided] = await Promise.all([claims ? claim(tx) : [], decideDue(tx, now(), batchSize)]);
      return [...due, ...book(tx, decided, now(), claims)];
    });
  }

  /** A copy's next delivery is scheduled before it is sent, so that it is sent again if the process dies. */
  function claim(tx: Tx): Promise<Copy[]> {
    return tx.query<Copy>(
      `with due as (
         select event_id, copy from payment_simulator.webhook
          where delivered_at is null and deliver_at <= $1 and attempts < $3
          order by deliver_at limit $2 for update skip locked
       )
       update payment_simulator.webhook
          set attempts = attempts + 1, deliver_at = $1 + least(60000, $4 * power(2, attempts)) * interval '1 millisecond'
        where (event_id, copy) in (select event_id, copy from due)
        returning event_id as "eventId", copy, body`,
      [new Date(now()), batchSize, maxAttempts, claimedForMs],
    );
  }

  async function send(deliver: Deliver, { eventId, copy, body }: Copy): Promise<Sent> {
    const bytes = Buffer.from(body);
    try {
      await deliver(bytes, signWebhook(secret, eventId, bytes, now()));
      return { eventId, copy, error: null };
    } catch (error) {
      return { eventId, copy, error: messageOf(error) };
    }
  }

  /**
   * A webhook that was accepted is not needed any more (earlier versions kept it, with `delivered_at`); of a refused one
   * the reason is kept until its next try.
   */
  function note(tx: Tx, sent: readonly Sent[]): void {
    const accepted = sent.filter(({ error }) => error === null);
    const refused = sent.filter(({ error }) => error !== null);
    if (accepted.length > 0)
      tx.write(
        `delete from payment_simulator.webhook
          using unnest($1::text[], $2::integer[]) as sent (event_id, copy) where ${isSent}`,
        keysOf(accepted),
      );
    if (refused.length > 0)
      tx.write(
        `update payment_simulator.webhook set last_error = error
           from unnest($1::text[], $2::integer[], $3::text[]) as sent (event_id, copy, error) where ${isSent}`,
        [...keysOf(refused), refused.map(({ error }) => error)],
      );
  }

  async function nextDueMs(): Promise<number | undefined> {
    const [next] = await sql.query<{ dueAt: Date | null }>(
      `select least(
         (select min(result_at) from payment_simulator.charge where status = 'processing'),
         (select min(deliver_at) from payment_simulator.webhook where delivered_at is null and attempts < $1)
       ) as "dueAt"`,
      [maxAttempts],
    );
    return next?.dueAt?.getTime();
  }

  return {
    async deliverDue(deliver, goesOn = () => true) {
      let accepted = 0;
      let dueMs = await nextDueMs();
      if (dueMs === undefined || dueMs > now()) return { accepted, nextDueMs: dueMs };
      let sent: Sent[] = [];
      const underWay = new Set<Promise<void>>();
      async function sendAll(copies: readonly Copy[]): Promise<void> {
        const answers = await Promise.all(copies.map((copy) => send(deliver, copy)));
        accepted += answers.filter(({ error }) => error === null).length;
        sent = [...sent, ...answers];
      }
      // Ends when nothing more is due: refused deliveries are postponed.
      for (;;) {
        const noted = sent;
        sent = [];
        const copies = await turn(noted, goesOn());
        if (copies.length > 0) {
          const sending = sendAll(copies).finally(() => underWay.delete(sending));
          underWay.add(sending);
          await within(gatherMs, Promise.all(underWay), goOn);
        } else if (underWay.size > 0) await Promise.race(underWay);
        else if (sent.length === 0) break;
      }
      dueMs = await nextDueMs();
      return { accepted, nextDueMs: dueMs };
    },
  };
}

function keysOf(sent: readonly Sent[]) {
  return [sent.map(({ eventId }) => eventId), sent.map(({ copy }) => copy)];
}
