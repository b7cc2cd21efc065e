/** Stores the events of providers, each once. */
import type { Tx } from "#engines/sql";

export type InboxEvent = { provider: string; eventId: string; type: string; paymentId: string | null };

/** Returns the ids of those that are new. All are of one provider. */
export async function noteEvents(tx: Tx, events: readonly InboxEvent[], nowMs: number): Promise<Set<string>> {
  if (events.length === 0) return new Set();
  const sorted = events.toSorted((a, b) => (a.eventId < b.eventId ? -1 : 1));
  const fresh = await tx.query<{ eventId: string }>(
    `insert into payment.webhook_inbox (provider, event_id, type, payment_id, received_at)
     select provider, event_id, type, payment_id, $5
       from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as event (provider, event_id, type, payment_id)
     on conflict do nothing returning event_id as "eventId"`,
    [
      sorted.map(({ provider }) => provider),
      sorted.map(({ eventId }) => eventId),
      sorted.map(({ type }) => type),
      sorted.map(({ paymentId }) => paymentId),
      new Date(nowMs),
    ],
  );
  return new Set(fresh.map(({ eventId }) => eventId));
}
