/**
 * The mail adapter for a mail server (SMTP). A mail is a row first, so a mail server that is away delays mails and loses
 * none. A crash between sending and marking sends a mail again, under the same Message-ID.
 */
import { createHash } from "node:crypto";
import { createTransport } from "nodemailer";
import type { Sql } from "#engines/sql";
import { pauseAfter } from "#platform/backoff";
import type { Log } from "#platform/log";
import { startLoop } from "#platform/loop";
import { messageOf } from "#platform/thrown";
import type { MailEngine } from "./message.ts";
import {
  type ClaimedMail,
  claimMail,
  createMailWriter,
  markFailed,
  markSent,
  queueAgain,
  readMail,
  readMails,
} from "./message-rows.ts";

export type SmtpSettings = { url: string; from: string };

const lookEveryMs = 5_000;
const answerWithinMs = 15_000;
/** Longer than one try may take. */
const leaseMs = 4 * answerWithinMs;
const pauses = { firstMs: 5_000, longestMs: 10 * 60_000 };
/** About two hours. */
const mostTries = 20;

export function openSmtpMail({ sql, url, from, log }: SmtpSettings & { sql: Sql; log: Log }): MailEngine {
  const times = { connectionTimeout: answerWithinMs, greetingTimeout: answerWithinMs, socketTimeout: answerWithinMs };
  const transport = createTransport({ url, pool: true, maxConnections: 2, ...times });
  const host = from.slice(from.lastIndexOf("@") + 1).replace(/>$/, "");
  const write = createMailWriter(sql, "queued");
  const delivering = startLoop({
    everyMs: lookEveryMs,
    work: deliverNext,
    onFault: (error) => log.warn("mails could not be read", {}, error),
  });

  /** True if there may be more. */
  async function deliverNext(): Promise<boolean> {
    const mail = await claimMail(sql, leaseMs, pauses.longestMs);
    if (!mail) return false;
    try {
      await deliver(mail);
    } catch (error) {
      const isFinal = mail.tries >= mostTries || isRefusal(error);
      log.warn("mail not sent", { mail: mail.seq, tries: mail.tries, isFinal }, error);
      await markFailed(sql, mail.seq, messageOf(error), isFinal ? undefined : pauseAfter(mail.tries, pauses));
      return true;
    }
    await markSent(sql, mail.seq);
    return true;
  }

  async function deliver({ key, to, subject, text, resends }: ClaimedMail): Promise<void> {
    const id = createHash("sha256")
      .update(resends > 0 ? `${key} ${resends}` : key)
      .digest("hex")
      .slice(0, 32);
    const { rejected } = await transport.sendMail({
      from,
      to: { name: "", address: to },
      subject,
      text,
      messageId: `<${id}@${host}>`,
    });
    if (rejected.length > 0) throw new Error("the mail server took none of the recipients");
  }

  return {
    async send(mail) {
      await write(mail);
      delivering.nudge();
    },
    list: (page) => readMails(sql, page),
    find: (seq) => readMail(sql, seq),
    async resend(seq) {
      const isQueued = await queueAgain(sql, seq);
      delivering.nudge();
      return isQueued;
    },
    sends: () => transport.verify(),
    async close() {
      await delivering.stop();
      transport.close();
    },
  };
}

/** RFC 5321 §4.2.1: a reply of 5xx stands however often the mail is sent. */
function isRefusal(error: unknown): boolean {
  const { responseCode } = error as { responseCode?: unknown };
  return typeof responseCode === "number" && responseCode >= 500 && responseCode !== 535;
}
