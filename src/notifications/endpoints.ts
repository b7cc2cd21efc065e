/** Keeps the endpoints: where events are sent to, which ones, and the secrets that sign them. */
import { randomBytes, randomUUID } from "node:crypto";
import type { Queryable, Sql } from "#engines/sql";

export type Endpoint = {
  endpointId: string;
  url: string;
  description: string;
  events: string[];
  state: "enabled" | "disabled";
  disabledReason: "gone" | "by_admin" | null;
  createdAt: Date;
};
export type Secret = { secret: string; until?: string };
export type EndpointFields = Pick<Endpoint, "url" | "description" | "events">;
export type EndpointChange = Partial<EndpointFields> & { enabled?: boolean | undefined };

/** Each may have several requests under way, so their number bounds the connections. */
export const mostEndpoints = 50;
/** After a rotation the receiver has this long to take the new secret. */
const oldSecretLastsMs = 24 * 60 * 60_000;
/** Every live secret makes a signature, so an endpoint that is rotated again and again loses the oldest ones early. */
const mostSecrets = 5;

const columns = `endpoint_id as "endpointId", url, description, events, state, disabled_reason as "disabledReason",
  created_at as "createdAt"`;

export type Endpoints = ReturnType<typeof createEndpoints>;

export function createEndpoints({ sql, now }: { sql: Sql; now(): number }) {
  return {
    list: () => sql.query<Endpoint>(`select ${columns} from notifications.endpoint order by created_at, endpoint_id`),

    find: (endpointId: string) => findEndpoint(sql, endpointId),

    /** undefined if there are as many as there may be. */
    create: (fields: EndpointFields) =>
      sql.transaction(async (tx) => {
        await tx.query("lock table notifications.endpoint in share row exclusive mode");
        const [counted] = await tx.query<{ count: number }>("select count(*)::int from notifications.endpoint");
        if ((counted?.count ?? 0) >= mostEndpoints) return undefined;
        const secret = newSecret();
        const [endpoint] = await tx.query<Endpoint>(
          `insert into notifications.endpoint (endpoint_id, url, description, events, secrets, state, created_at)
           values ($1, $2, $3, $4, $5, 'enabled', $6) returning ${columns}`,
          [randomUUID(), fields.url, fields.description, fields.events, JSON.stringify([{ secret }]), new Date(now())],
        );
        return endpoint && { endpoint, secret };
      }),

    async change(endpointId: string, { url, description, events, enabled }: EndpointChange) {
      const [endpoint] = await sql.query<Endpoint>(
        `update notifications.endpoint
            set url = coalesce($2, url), description = coalesce($3, description), events = coalesce($4, events),
                state = case $5::boolean when true then 'enabled' when false then 'disabled' else state end,
                disabled_reason = case $5::boolean when true then null when false then 'by_admin' else disabled_reason end
          where endpoint_id = $1 returning ${columns}`,
        [endpointId, url, description, events, enabled],
      );
      return endpoint;
    },

    /** With everything that was queued for it. */
    async remove(endpointId: string): Promise<boolean> {
      const removed = await sql.query("delete from notifications.endpoint where endpoint_id = $1 returning url", [
        endpointId,
      ]);
      return removed.length > 0;
    },

    /** Adds a secret; the earlier ones sign for another day. */
    rotate: (endpointId: string) =>
      sql.transaction(async (tx) => {
        const [row] = await tx.query<{ secrets: Secret[] }>(
          "select secrets from notifications.endpoint where endpoint_id = $1 for update",
          [endpointId],
        );
        if (!row) return undefined;
        const until = new Date(now() + oldSecretLastsMs);
        const older = row.secrets
          .filter((one) => isLive(one, now()))
          .map((one) => ({ until: until.toISOString(), ...one }));
        const secret = newSecret();
        await tx.query("update notifications.endpoint set secrets = $2 where endpoint_id = $1", [
          endpointId,
          JSON.stringify([{ secret }, ...older].slice(0, mostSecrets)),
        ]);
        return { secret, oldSecretUntil: until };
      }),

    /** The receiver says that it wants no more, unless it has another address by now. */
    async gone(endpointId: string, url: string): Promise<void> {
      await sql.query(
        `update notifications.endpoint set state = 'disabled', disabled_reason = 'gone'
          where endpoint_id = $1 and url = $2 and state = 'enabled'`,
        [endpointId, url],
      );
    },
  };
}

export async function findEndpoint(sql: Queryable, endpointId: string): Promise<Endpoint | undefined> {
  const [endpoint] = await sql.query<Endpoint>(`select ${columns} from notifications.endpoint where endpoint_id = $1`, [
    endpointId,
  ]);
  return endpoint;
}

export function isLive({ until }: Secret, nowMs: number): boolean {
  return until === undefined || Date.parse(until) > nowMs;
}

function newSecret(): string {
  return `whsec_${randomBytes(32).toString("base64")}`;
}
