/** Tells people by mail that a unit is kept for them: once for each offer. */
import type { MailEngine } from "#engines/mail";
import type { Sql } from "#engines/sql";
import type { Addressee } from "#identity";
import { mailText } from "#platform/mail-text";
import { pageAddress } from "#platform/page-address";
import { type Habits, type MailLanguage, readerOf } from "#platform/reader";
import { createSetbacks } from "#platform/setbacks";
import type { LineDrop } from "./line-drop.ts";

export type OfferMailsOptions = {
  sql: Sql;
  mail: Pick<MailEngine, "send">;
  /** Undefined if the account has no address that receives mails, or may not sign in. */
  addresseeOf(accountId: string): Promise<Addressee | undefined>;
  dropOf(dropId: string): Promise<LineDrop | undefined>;
  publicUrl: string | undefined;
  now(): number;
  onFault(what: string, error: unknown): void;
};

type Due = { dropId: string; seq: number; userId: string; until: Date; key: string };

const mostAtOnce = 200;

/**
 * Sends those that are due. A second call, or another process, sends none of them again. Answers true if more may wait,
 * false if there was none.
 */
export function createOfferMails(options: OfferMailsOptions): () => Promise<boolean | undefined> {
  const { sql, mail, addresseeOf, dropOf, publicUrl, now, onFault } = options;
  const setbacks = createSetbacks();

  async function sendOne({ dropId, seq, userId, until, key }: Due): Promise<void> {
    const [drop, to] = [await dropOf(dropId), await addresseeOf(userId)];
    // A mail that could not be sent for a while may find its drop cancelled or ended: nothing is kept then.
    const isOn = drop?.state === "scheduled" && drop.closesAt.getTime() > now();
    // The mail first: after a crash in between it is asked for again, and its key is known already.
    if (isOn && to) await mail.send({ key, to: to.email, ...mailOf(drop, until, to, publicUrl) });
    await sql.query("update room.place set told_at = $3 where drop_id = $1 and seq = $2", [
      dropId,
      seq,
      new Date(now()),
    ]);
  }

  return async () => {
    const due = await sql.query<Due>(
      `select drop_id as "dropId", seq, user_id as "userId", offered_until as until, key
         from room.place, concat('offer:', drop_id, ':', seq) as key
        where offered_until > $1 and told_at is null and done_at is null and left_at is null and key <> all($2::text[])
        order by offered_until limit $3`,
      [new Date(now()), setbacks.waiting(), mostAtOnce],
    );
    for (const one of due) {
      const tell = (error: unknown) => onFault(`the mail of place ${one.seq} of drop ${one.dropId}`, error);
      await setbacks.attempt(one.key, () => sendOne(one)).catch(tell);
    }
    return due.length > 0 && (due.length === mostAtOnce || undefined);
  };
}

function mailOf({ dropId, name, zone }: LineDrop, until: Date, to: Habits, publicUrl: string | undefined) {
  const reader = readerOf(to);
  const { subject, text } = texts[reader.language](reader.named(name), reader.moment(until, zone));
  return { subject, text: mailText(text, pageAddress(publicUrl, `/d/${dropId}/wait`)) };
}

const texts: Readonly<Record<MailLanguage, (name: string, until: string) => { subject: string; text: string }>> = {
  en: (name, until) => ({
    subject: `It is your turn: ${name}`,
    text:
      `A unit of ${name} is kept for you until ${until}. ` +
      "Order it before then on the page of the line, or it goes to the next person.",
  }),
  de: (name, until) => ({
    subject: `Du bist dran: ${name}`,
    text:
      `Ein Stück von ${name} ist für dich zurückgelegt, bis ${until}. ` +
      "Bestelle es vorher auf der Seite der Schlange; sonst geht es an die Nächsten.",
  }),
  ar: (name, until) => ({
    subject: `حان دورك: ${name}`,
    text: `قطعة من ${name} محجوزة لك حتى ${until}. اطلبها قبل ذلك في صفحة الطابور، وإلا ذهبت إلى التالي.`,
  }),
};
