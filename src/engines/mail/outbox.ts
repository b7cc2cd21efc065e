/** The mail adapter without a mail server: the row is the mail, and an ADMIN reads it. */
import type { Sql } from "#engines/sql";
import type { MailEngine } from "./message.ts";
import { insertMail, readMails } from "./message-rows.ts";

export function createOutboxMail({ sql }: { sql: Sql }): MailEngine {
  return {
    send: (mail) => insertMail(sql, mail, "kept"),
    list: (page) => readMails(sql, page),
    async close() {},
  };
}
