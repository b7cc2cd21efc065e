/** The mail adapter without a mail server: the row is the mail, and an ADMIN reads it. */
import type { Sql } from "#engines/sql";
import type { MailEngine } from "./message.ts";
import { createMailWriter, queueAgain, readMail, readMails } from "./message-rows.ts";

export function createOutboxMail({ sql }: { sql: Sql }): MailEngine {
  return {
    send: createMailWriter(sql, "kept"),
    list: (page) => readMails(sql, page),
    find: (seq) => readMail(sql, seq),
    // A mail that failed while a mail server was set is sent once there is one again.
    resend: (seq) => queueAgain(sql, seq),
    sends: async () => false,
    async close() {},
  };
}
