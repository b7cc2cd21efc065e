/** The mail port: what the shop sends to people. */

export type { Mail, MailEngine, QueuedMail } from "./message.ts";
