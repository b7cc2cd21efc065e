/** Tells people by mail that a unit is kept for them: once for each offer. */
import type { MailEngine } from "#engines/mail";
import type { Sql } from "#engines/sql";
import type { LineDrop } from "./line-drop.ts";

export type OfferMailsOptions = {
  sql: Sql;
  mail: Pick<MailEngine, "send">;
  /** Undefined if the account has no address that receives mails, or may not sign in. */
  addressOf(accountId: string): Promise<string | undefined>;
  dropOf(dropId: string): Promise<LineDrop | undefined>;
  publicUrl: string | undefined;
  now(): number;
};

type Due = { dropId: string; seq: number; userId: string; until: Date };

const mostAtOnce = 200;

/**
 * Sends those that are due. A second call, or another process, sends none of them again. Answers true if more may wait,
 * false if there was none.
 */
export function createOfferMails(options: OfferMailsOptions): () => Promise<boolean | undefined> {
  const { sql, mail, addressOf, dropOf, publicUrl, now } = options;
  return async () => {
    const due = await sql.query<Due>(
      `select drop_id as "dropId", seq, user_id as "userId", offered_until as until from room.place
        where offered_until > $1 and told_at is null and done_at is null and left_at is null
        order by offered_until limit $2`,
      [new Date(now()), mostAtOnce],
    );
    for (const { dropId, seq, userId, until } of due) {
      const [drop, to] = [await dropOf(dropId), await addressOf(userId)];
      // The mail first: after a crash in between it is asked for again, and its key is known already.
      if (drop && to) await mail.send({ key: `offer:${dropId}:${seq}`, to, ...mailOf(drop, until, publicUrl) });
      await sql.query("update room.place set told_at = $3 where drop_id = $1 and seq = $2", [
        dropId,
        seq,
        new Date(now()),
      ]);
    }
    return due.length > 0 && (due.length === mostAtOnce || undefined);
  };
}

function mailOf({ dropId, name, zone }: LineDrop, until: Date, publicUrl: string | undefined) {
  const time = new Intl.DateTimeFormat("en-GB", { timeStyle: "short", timeZone: zone });
  const link = publicUrl === undefined ? "" : `\n\n${new URL(`/d/${dropId}/wait`, publicUrl).href}`;
  return {
    subject: `It is your turn: ${name}`,
    text:
      `A unit of ${name} is kept for you until ${time.format(until)} (${zone}). ` +
      `Then it goes to the next person in the line.${link}\n`,
  };
}
