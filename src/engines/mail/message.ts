/** The types of the mail port, which each adapter has. */

export type Mail = {
  /** `kind:subject`. A mail of the same key is sent once, however often it is asked for. */
  key: string;
  to: string;
  subject: string;
  /** Plain text. */
  text: string;
  /** The text holds no secret: it stays readable after the mail server took it, and can be sent again. */
  keepsText?: boolean;
  /** The keys of mails that are untrue after this one: those that the mail server has not taken yet are not sent. */
  overtakes?: readonly string[];
  /** The keys of mails after which this one is untrue: it is not sent if one of them was sent or is asked for. */
  overtakenBy?: readonly string[];
};

/** kept: no mail server is set. failed: the mail server refused it for good, or was away for too long. */
export type MailState = "kept" | "queued" | "sent" | "failed";
export type QueuedMail = Required<Omit<Mail, "overtakes" | "overtakenBy">> & {
  seq: number;
  queuedAt: Date;
  state: MailState;
  failure: string | null;
};

export type MailPage = { before?: number | undefined; about?: string | undefined; limit: number };

export type MailEngine = {
  /** The mail is durable when this resolves; it is sent soon. */
  send(mail: Mail): Promise<void>;
  /** The latest first, before `before` if it is given; `about`: only those whose key has this subject. */
  list(page: MailPage): Promise<QueuedMail[]>;
  find(seq: number): Promise<QueuedMail | undefined>;
  /**
   * Sends a failed mail again, with the same Message-ID; or a sent one that keeps its text, with another one, so that no
   * mail program takes it for the first. False if it is neither.
   */
  resend(seq: number): Promise<boolean>;
  /** Whether a mail server is set. @throws if it does not answer, or refuses us. */
  sends(): Promise<boolean>;
  close(): Promise<void>;
};
