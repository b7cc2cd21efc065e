/** The types of the mail port, which each adapter has. */

export type Mail = {
  /** The subject matter. A mail of the same key is sent once, however often it is asked for. */
  key: string;
  to: string;
  subject: string;
  /** Plain text. */
  text: string;
};

/** kept: no mail server is set. failed: the mail server refused it for good, or was away for too long. */
export type MailState = "kept" | "queued" | "sent" | "failed";
export type QueuedMail = Mail & { seq: number; queuedAt: Date; state: MailState; failure: string | null };

export type MailEngine = {
  /** The mail is durable when this resolves; it is sent soon. */
  send(mail: Mail): Promise<void>;
  /** The latest first, before `before` if it is given. */
  list(page: { before?: number | undefined; limit: number }): Promise<QueuedMail[]>;
  find(seq: number): Promise<QueuedMail | undefined>;
  /** Sends a failed mail again, with the same Message-ID. Whether it had failed. */
  resend(seq: number): Promise<boolean>;
  /** Whether a mail server is set. @throws if it does not answer, or refuses us. */
  sends(): Promise<boolean>;
  close(): Promise<void>;
};
