/** The mail port: what the shop sends to people. */

export type { Mail, MailEngine, MailState, QueuedMail } from "./message.ts";
