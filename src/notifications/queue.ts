/**
 * The queue of deliveries: a row for each event and each endpoint that wants it. An attempt is claimed in one statement,
 * sent with no transaction open, and its outcome is noted. A claim is a lease: if its process dies, the attempt is made
 * again when the lease has ended. An endpoint may be removed at any moment, with its deliveries and attempts, so what is
 * added for one keeps its row locked.
 */
import type { Queryable, Sql } from "#engines/sql";
import type { Secret } from "./endpoints.ts";

export type Message = { messageId: string; type: string; body: string; traceparent?: string | undefined };
export type Claim = {
  deliveryId: number;
  claimNo: number;
  /** Attempts with this one. */
  tries: number;
  messageId: string;
  body: string;
  /** The trace of the order that the event is about. */
  traceparent: string | null;
  endpointId: string;
  url: string;
  secrets: Secret[];
};
export type Attempt = { atMs: number; tookMs: number; status: number | null; answer: string };
export type After = { state: "delivered" | "failed" } | { state: "waiting"; nextTryAtMs: number };

/** Longer than an attempt may take. */
export const leaseMs = 60_000;
/** Messages whose deliveries have ended are kept this long. */
const keptMs = 30 * 24 * 60 * 60_000;
const removedAtOnce = 1_000;

export type Queue = ReturnType<typeof createQueue>;

export function createQueue({ sql, now }: { sql: Sql; now(): number }) {
  const at = (ms: number) => new Date(ms);

  return {
    /** Whether any endpoint that is enabled wants events. Without one, events are passed over. */
    async isWanted(): Promise<boolean> {
      const [row] = await sql.query<{ wanted: boolean }>(
        "select exists (select from notifications.endpoint where state = 'enabled') as wanted",
      );
      return row?.wanted ?? false;
    },

    /** Queues each message once for each enabled endpoint that wants its type. One that is known already changes nothing. */
    async add(messages: readonly Message[]): Promise<void> {
      await sql.query(
        `with given as (
           select distinct on (message_id) *
             from unnest($1::text[], $2::text[], $3::text[], $5::text[]) as m (message_id, type, body, traceparent)
         ), wanted as (
           select message_id, type, body, traceparent, endpoint_id from given
             join notifications.endpoint e on state = 'enabled' and (events = '{}' or type = any(events))
              for key share of e
         ), fresh as (
           insert into notifications.message (message_id, type, body, created_at, traceparent)
           select distinct message_id, type, body, $4::timestamptz, traceparent from wanted
             on conflict do nothing returning message_id
         )
         insert into notifications.delivery (message_id, endpoint_id, next_try_at)
         select message_id, endpoint_id, $4 from wanted join fresh using (message_id)`,
        [
          messages.map(({ messageId }) => messageId),
          messages.map(({ type }) => type),
          messages.map(({ body }) => body),
          at(now()),
          messages.map(({ traceparent }) => traceparent ?? null),
        ],
      );
    },

    /** Queues a message for one endpoint, whatever events it wants; undefined if it is not enabled. */
    async addFor(endpointId: string, { messageId, type, body }: Message): Promise<number | undefined> {
      const [row] = await sql.query<{ deliveryId: number }>(
        `with enabled as (
           select endpoint_id from notifications.endpoint where endpoint_id = $1 and state = 'enabled'
              for key share
         ), message as (
           insert into notifications.message (message_id, type, body, created_at)
           select $2, $3, $4, $5 from enabled returning message_id
         )
         insert into notifications.delivery (message_id, endpoint_id, next_try_at)
         select message_id, endpoint_id, $5 from message, enabled returning delivery_id as "deliveryId"`,
        [endpointId, messageId, type, body, at(now())],
      );
      return row?.deliveryId;
    },

    /** Claims what is due, of each endpoint as many as may be under way beside those that are. */
    claim: (mostOfEach: number, busy: ReadonlyMap<string, number>) =>
      sql.query<Claim>(
        `update notifications.delivery d set tries = d.tries + 1, claim_no = d.claim_no + 1, next_try_at = $2
           from (select one.delivery_id, e.url, e.secrets
                   from notifications.endpoint e
                   left join unnest($4::uuid[], $5::int[]) as busy (endpoint_id, sending) using (endpoint_id)
                  cross join lateral (
                    select delivery_id from notifications.delivery
                     where endpoint_id = e.endpoint_id and state = 'waiting' and next_try_at <= $1
                     order by next_try_at limit greatest($3 - coalesce(busy.sending, 0), 0)
                       for update skip locked) one
                  where e.state = 'enabled') as due,
                notifications.message m
          where d.delivery_id = due.delivery_id and m.message_id = d.message_id
         returning d.delivery_id as "deliveryId", d.claim_no as "claimNo", d.tries, d.message_id as "messageId", m.body,
                   m.traceparent, d.endpoint_id as "endpointId", due.url, due.secrets`,
        [at(now()), at(now() + leaseMs), mostOfEach, [...busy.keys()], [...busy.values()]],
      ),

    /** A delivery that was claimed again meanwhile is left to that claim, unless it has arrived. */
    async note(claim: Claim, attempt: Attempt, after: After): Promise<void> {
      await sql.query(
        // The update begins with the lock: a row that the statement has changed itself is not found by a lock any more.
        `with standing as (
           select delivery_id from notifications.delivery where delivery_id = $1 for key share
         ), tried as (
           insert into notifications.attempt (delivery_id, claim_no, at, took_ms, status, answer)
           select delivery_id, $2, $3, $4, $5, $6 from standing
         )
         update notifications.delivery d set state = $7, next_try_at = coalesce($8, next_try_at)
           from standing where d.delivery_id = standing.delivery_id and (claim_no = $2 or $7 = 'delivered')`,
        [
          claim.deliveryId,
          claim.claimNo,
          at(attempt.atMs),
          attempt.tookMs,
          attempt.status,
          attempt.answer,
          after.state,
          after.state === "waiting" ? at(after.nextTryAtMs) : null,
        ],
      );
    },

    /** An attempt that this process broke off does not count. */
    async giveBack({ deliveryId, claimNo }: Claim): Promise<void> {
      await sql.query(
        "update notifications.delivery set tries = tries - 1, next_try_at = $3 where delivery_id = $1 and claim_no = $2",
        [deliveryId, claimNo, at(now())],
      );
    },

    /** Removes old messages with their deliveries, except those that are still to be sent. */
    async removeOld(): Promise<boolean> {
      const removed = await sql.query(
        `delete from notifications.message where message_id in (
           select message_id from notifications.message m where created_at < $1 and not exists (
             select from notifications.delivery d where d.message_id = m.message_id and d.state = 'waiting')
           order by created_at limit $2) returning message_id`,
        [at(now() - keptMs), removedAtOnce],
      );
      return removed.length === removedAtOnce;
    },

    /** Deliveries whose next attempt should have begun this long ago. */
    async overdue(forMs: number): Promise<number> {
      const [row] = await sql.query<{ count: number }>(
        `select count(*)::int from notifications.delivery join notifications.endpoint e using (endpoint_id)
          where e.state = 'enabled' and delivery.state = 'waiting' and next_try_at < $1`,
        [at(now() - forMs)],
      );
      return row?.count ?? 0;
    },

    list: (endpointId: string, before: number | null, limit: number) => listDeliveries(sql, endpointId, before, limit),

    /** Sends it anew, with all attempts before it. */
    async resend(deliveryId: number): Promise<"queued" | "disabled" | undefined> {
      const [row] = await sql.query<{ state: string }>(
        `with asked as (
           select delivery_id, e.state from notifications.delivery join notifications.endpoint e using (endpoint_id)
            where delivery_id = $1
         ), queued as (
           update notifications.delivery d set state = 'waiting', tries = 0, next_try_at = $2
             from asked where d.delivery_id = asked.delivery_id and asked.state = 'enabled'
         )
         select state from asked`,
        [deliveryId, at(now())],
      );
      if (!row) return undefined;
      return row.state === "enabled" ? "queued" : "disabled";
    },
  };
}

export type OrdersDelivery = Pick<Delivery, "deliveryId" | "type" | "state" | "tries" | "nextTryAt" | "createdAt"> & {
  url: string;
  lastAt: Date | null;
  lastStatus: number | null;
  lastAnswer: string | null;
};

/** The deliveries of these events of orders, to all endpoints. */
export function deliveriesOf(sql: Queryable, eventIds: readonly string[]): Promise<OrdersDelivery[]> {
  return sql.query<OrdersDelivery>(
    `select delivery_id as "deliveryId", type, delivery.state, tries, next_try_at as "nextTryAt",
            message.created_at as "createdAt", url, last.at as "lastAt", last.status as "lastStatus", last.answer as "lastAnswer"
       from notifications.delivery join notifications.message using (message_id) join notifications.endpoint using (endpoint_id)
       left join lateral (select at, status, answer from notifications.attempt a
                           where a.delivery_id = delivery.delivery_id order by claim_no desc limit 1) as last on true
      where message_id = any($1::text[]) order by delivery_id`,
    [eventIds.map((id) => `orders/${id}`)],
  );
}

export type Delivery = {
  deliveryId: number;
  messageId: string;
  type: string;
  state: "waiting" | "delivered" | "failed";
  tries: number;
  nextTryAt: Date;
  createdAt: Date;
  attempts: { at: string; tookMs: number; status: number | null; answer: string }[];
};

/** An operator may have sent it again many times. */
const attemptsShown = 20;

function listDeliveries(sql: Queryable, endpointId: string, before: number | null, limit: number): Promise<Delivery[]> {
  return sql.query<Delivery>(
    `select delivery_id as "deliveryId", message_id as "messageId", type, state, tries, next_try_at as "nextTryAt",
            created_at as "createdAt", coalesce(attempts.all, '[]') as attempts
       from notifications.delivery join notifications.message using (message_id)
      cross join lateral (
        select jsonb_agg(jsonb_build_object('at', at, 'tookMs', took_ms, 'status', status, 'answer', answer)
                 order by claim_no desc) as all
          from (select * from notifications.attempt a where a.delivery_id = delivery.delivery_id
                 order by claim_no desc limit ${attemptsShown}) as latest) as attempts
      where endpoint_id = $1 and ($2::bigint is null or delivery_id < $2)
      order by delivery_id desc limit $3`,
    [endpointId, before, limit],
  );
}
