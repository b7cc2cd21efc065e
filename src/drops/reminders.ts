/** Reminders of a drop's opening: who asked for one, and the mail, once for each person and drop. */
import type { MailEngine } from "#engines/mail";
import type { Sql } from "#engines/sql";
import type { Addressee } from "#identity";
import { mailText } from "#platform/mail-text";
import { pageAddress } from "#platform/page-address";
import { type Habits, type MailLanguage, readerOf } from "#platform/reader";
import { createSetbacks } from "#platform/setbacks";
import { type Drop, readDrop } from "./drop-rows.ts";
import { freezeMsOf, lastMsOf, remindLeadMs } from "./phase.ts";

export type RemindersOptions = {
  sql: Sql;
  mail: Pick<MailEngine, "send">;
  /** Undefined if the account has no address that receives mails, or may not sign in. */
  addresseeOf(accountId: string): Promise<Addressee | undefined>;
  publicUrl: string | undefined;
  now(): number;
  onFault(what: string, error: unknown): void;
};

export type Asked = { ok: true } | { ok: false; reason: "drop_not_found" | "reminder_too_late" | "no_mail_address" };

export type Reminders = {
  ask(dropId: string, accountId: string): Promise<Asked>;
  withdraw(dropId: string, accountId: string): Promise<void>;
  isAsked(dropId: string, accountId: string): Promise<boolean>;
  /**
   * Sends those that are due. Returns true if more may wait, false if there was none. A second call, or another process,
   * sends none of them again.
   */
  sendDue(): Promise<boolean | undefined>;
};

const mostAtOnce = 200;

export function createReminders({ sql, mail, addresseeOf, publicUrl, now, onFault }: RemindersOptions): Reminders {
  const setbacks = createSetbacks();

  async function sendOne({ dropId, accountId }: Due): Promise<void> {
    const [drop, to] = [await readDrop(sql, dropId), await addresseeOf(accountId)];
    // The mail first: after a crash in between it is asked for again, and its key is known already.
    const key = `reminder:${dropId}:${accountId}`;
    if (drop && to) await mail.send({ key, to: to.email, ...mailOf(drop, to, publicUrl) });
    await sql.query("update drops.reminder set sent_at = $3 where drop_id = $1 and account_id = $2", [
      dropId,
      accountId,
      new Date(now()),
    ]);
  }

  return {
    async ask(dropId, accountId) {
      const drop = await readDrop(sql, dropId);
      if (!drop || drop.state === "draft") return { ok: false, reason: "drop_not_found" };
      const isTooLate = drop.state !== "scheduled" || lastMsOf(drop) <= now();
      if (isTooLate) return { ok: false, reason: "reminder_too_late" };
      if ((await addresseeOf(accountId)) === undefined) return { ok: false, reason: "no_mail_address" };
      await sql.query(
        "insert into drops.reminder (drop_id, account_id, asked_at) values ($1, $2, $3) on conflict do nothing",
        [dropId, accountId, new Date(now())],
      );
      return { ok: true };
    },

    async withdraw(dropId, accountId) {
      await sql.query("delete from drops.reminder where drop_id = $1 and account_id = $2 and sent_at is null", [
        dropId,
        accountId,
      ]);
    },

    async isAsked(dropId, accountId) {
      const rows = await sql.query("select 1 from drops.reminder where drop_id = $1 and account_id = $2", [
        dropId,
        accountId,
      ]);
      return rows.length > 0;
    },

    async sendDue() {
      const [from, to] = [new Date(now()), new Date(now() + remindLeadMs)];
      const due = await sql.query<Due>(selectDue, [from, to, setbacks.waiting(), mostAtOnce]);
      let sent = 0;
      for (const one of due) {
        const tell = (error: unknown) => onFault(`the reminder of drop ${one.dropId}`, error);
        await setbacks.attempt(one.key, () => sendOne(one)).then(() => (sent += 1), tell);
      }
      // While mails cannot be sent, the next turn comes after its pause.
      return due.length > 0 && (sent === mostAtOnce || undefined);
    },
  };
}

type Due = { dropId: string; accountId: string; key: string };

const selectDue = `
  select r.drop_id as "dropId", r.account_id as "accountId", key
    from drops.reminder r join drops.drop d using (drop_id), concat(r.drop_id, ' ', r.account_id) as key,
         make_interval(secs => case d.entry when 'draw' then d.freeze_lead_seconds else 0 end) as lead
   where r.sent_at is null and d.state = 'scheduled' and d.opens_at - lead > $1 and d.opens_at - lead <= $2
     and key <> all($3::text[])
   order by d.opens_at, r.asked_at limit $4`;

function mailOf(drop: Drop, to: Habits, publicUrl: string | undefined) {
  const { dropId, name, opensAt, zone, entry } = drop;
  const reader = readerOf(to);
  const { subject, opens, draw, why } = texts[reader.language](reader.named(name));
  const opening = opens(reader.moment(opensAt, zone));
  const says = entry === "draw" ? `${opening} ${draw(reader.moment(new Date(freezeMsOf(drop)), zone))}` : opening;
  return { subject, text: mailText(says, pageAddress(publicUrl, `/d/${dropId}`), why) };
}

type Text = { subject: string; opens(opening: string): string; draw(joinBy: string): string; why: string };

const texts: Readonly<Record<MailLanguage, (name: string) => Text>> = {
  en: (name) => ({
    subject: `${name} opens soon`,
    opens: (opening) => `${name} opens on ${opening}.`,
    draw: (joinBy) => `It is sold by a draw: join its line before ${joinBy}.`,
    why: "You asked for this reminder. It comes once.",
  }),
  de: (name) => ({
    subject: `${name} öffnet bald`,
    opens: (opening) => `${name} öffnet am ${opening}.`,
    draw: (joinBy) => `Es wird ausgelost: Sei vor ${joinBy} dabei.`,
    why: "Du hast um diese Erinnerung gebeten. Sie kommt nur einmal.",
  }),
  ar: (name) => ({
    subject: `يبدأ بيع ${name} قريبًا`,
    opens: (opening) => `يبدأ بيع ${name} يوم ${opening}.`,
    draw: (joinBy) => `يُباع بالقرعة: انضم إلى الطابور قبل ${joinBy}.`,
    why: "وصلك هذا التذكير لأنك طلبته، ولا يصل إلا مرة واحدة.",
  }),
};
