/** The mail adapter without a mail server: the row is the mail, and an ADMIN reads it. */
import type { Sql } from "#engines/sql";
import type { MailEngine, QueuedMail } from "./message.ts";

export const mailSchema = { schema: "mail", folder: new URL("./migrations/", import.meta.url) };

export function createOutboxMail({ sql }: { sql: Sql }): MailEngine {
  return {
    async send({ key, to, subject, text }) {
      await sql.query(
        `insert into mail.message (key, recipient, subject, body, queued_at) values ($1, $2, $3, $4, clock_timestamp())
         on conflict (key) do nothing`,
        [key, to, subject, text],
      );
    },
    list: ({ before = Number.MAX_SAFE_INTEGER, limit }) =>
      sql.query<QueuedMail>(
        `select seq, key, recipient as "to", subject, body as text, queued_at as "queuedAt" from mail.message
         where seq < $1 order by seq desc limit $2`,
        [before, limit],
      ),
  };
}
