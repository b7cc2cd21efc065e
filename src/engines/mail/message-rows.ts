/** Reads and writes the rows of mails, whichever adapter sends them. */
import { mayBeOneRowsFault, type Queryable } from "#engines/sql";
import { createBatcher } from "#platform/batch";
import type { Mail, MailPage, MailState, QueuedMail } from "./message.ts";

export const mailSchema = { schema: "mail", folder: new URL("./migrations/", import.meta.url) };

/** Mails that are written at the same time are one statement. */
export function createMailWriter(sql: Queryable, state: MailState): (mail: Mail) => Promise<void> {
  const writes = createBatcher<Mail, void>({
    maxBatch: 500,
    maxWaiting: 20_000,
    async run(mails) {
      // By key, so that processes which write the same mails wait for each other in one direction only.
      await insertMails(
        sql,
        mails.toSorted((a, b) => (a.key < b.key ? -1 : 1)),
        state,
      );
      return mails.map(() => undefined);
    },
    mayBeOnesFault: mayBeOneRowsFault,
  });
  return (mail) => writes.add(mail);
}

async function insertMails(sql: Queryable, mails: readonly Mail[], state: MailState): Promise<void> {
  const later = mails.flatMap(({ key, overtakenBy = [] }) => overtakenBy.map((by) => ({ key, by })));
  await sql.query(
    `with overtaken as (
       update mail.message set state = 'failed', failure = 'a later mail says what became of it'
        where key = any($7::text[]) and state = 'queued')
     insert into mail.message (key, recipient, subject, body, state, keeps_text, queued_at, next_try_at)
     select key, recipient, subject, body, $6, keeps_text, clock_timestamp(), clock_timestamp()
       from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[])
            as mail (key, recipient, subject, body, keeps_text)
      where not exists (select from unnest($8::text[], $9::text[]) as later (key, by)
                         where later.key = mail.key
                           and (later.by = any($1::text[]) or exists (select from mail.message m where m.key = later.by)))
     on conflict (key) do nothing`,
    [
      mails.map(({ key }) => key),
      mails.map(({ to }) => to),
      mails.map(({ subject }) => subject),
      mails.map(({ text }) => text),
      mails.map(({ keepsText = false }) => keepsText),
      state,
      mails.flatMap(({ overtakes = [] }) => overtakes),
      later.map(({ key }) => key),
      later.map(({ by }) => by),
    ],
  );
}

export function readMails(
  sql: Queryable,
  { before = Number.MAX_SAFE_INTEGER, about, limit }: MailPage,
): Promise<QueuedMail[]> {
  if (about === undefined) {
    return sql.query<QueuedMail>(`${selectMails} where seq < $1 order by seq desc limit $2`, [before, limit]);
  }
  return sql.query<QueuedMail>(
    `${selectMails} where split_part(key, ':', 2) = $3 and seq < $1 order by seq desc limit $2`,
    [before, limit, about],
  );
}

export async function readMail(sql: Queryable, seq: number): Promise<QueuedMail | undefined> {
  const [mail] = await sql.query<QueuedMail>(`${selectMails} where seq = $1`, [seq]);
  return mail;
}

const selectMails = `
  select seq, key, recipient as "to", subject, body as text, keeps_text as "keepsText", state, failure, queued_at as "queuedAt" from mail.message`;

/** A failed mail, or a sent one that has its text still. A queued one is sent by itself. */
export async function queueAgain(sql: Queryable, seq: number): Promise<boolean> {
  const queued = await sql.query(
    `update mail.message set state = 'queued', tries = 0, next_try_at = clock_timestamp(),
       resends = resends + (state = 'sent')::integer
      where seq = $1 and (state = 'failed' or (state = 'sent' and keeps_text)) returning seq`,
    [seq],
  );
  return queued.length > 0;
}

export type ClaimedMail = Mail & { seq: number; tries: number; resends: number };

/**
 * The next mail that is due. No other process sends it within the lease, and no transaction is open while it is sent. One
 * that is postponed by longer than any pause was postponed before the clock was set back.
 */
export async function claimMail(
  sql: Queryable,
  leaseMs: number,
  longestPauseMs: number,
): Promise<ClaimedMail | undefined> {
  const [mail] = await sql.query<ClaimedMail>(
    `update mail.message set tries = tries + 1, next_try_at = clock_timestamp() + make_interval(secs => $1)
     where seq = coalesce(
       (select seq from mail.message where state = 'queued' and next_try_at <= statement_timestamp()
         order by next_try_at limit 1 for update skip locked),
       (select seq from mail.message
         where state = 'queued' and next_try_at > statement_timestamp() + make_interval(secs => 60 + $2)
         order by next_try_at limit 1 for update skip locked))
     returning seq, key, recipient as "to", subject, body as text, tries, resends`,
    [leaseMs / 1000, longestPauseMs / 1000],
  );
  return mail;
}

export async function markSent(sql: Queryable, seq: number): Promise<void> {
  await sql.query(
    "update mail.message set state = 'sent', body = case when keeps_text then body else '' end, failure = null where seq = $1",
    [seq],
  );
}

/** `inMs`: when to try again; undefined for never. */
export async function markFailed(
  sql: Queryable,
  seq: number,
  failure: string,
  inMs: number | undefined,
): Promise<void> {
  await sql.query(
    `update mail.message set failure = $2, next_try_at = clock_timestamp() + make_interval(secs => $3),
       state = case when $3::float8 is null then 'failed' else 'queued' end
     where seq = $1 and state = 'queued'`,
    [seq, failure.slice(0, 500), inMs === undefined ? null : inMs / 1000],
  );
}
