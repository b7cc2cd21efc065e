/**
 * Codes that are mailed: six digits, ten minutes, five tries, two of them from other networks than the one that asked. So
 * a stranger elsewhere uses up no code of the owner. One is made for every request, also where no mail is sent, so that the
 * answers to wrong codes do not tell whether an address has an account.
 */
import { createHmac, hkdfSync, randomInt, timingSafeEqual } from "node:crypto";
import type { Queryable, Sql } from "#engines/sql";
import { randomHex } from "#platform/ids";

export type Purpose = "sign_up" | "log_in" | "reset";

export type NewCode = {
  purpose: Purpose;
  email: string;
  /** That asks for it. */
  network: string;
  /** Where no mail is sent: no code is right. */
  isDecoy: boolean;
  name?: string;
  phc?: string | undefined;
};
export type Redeemed =
  | { ok: true; email: string; name: string | null; phc: string | null }
  | { ok: false; reason: "code_wrong" | "code_expired" };

/** A sign-up by its id, which its own browser alone knows; else an address, with the network that tries. */
export type Which = { purpose: Purpose } & ({ codeId: string } | { email: string; network: string });

export type Codes = {
  issue(code: NewCode): Promise<{ codeId: string; digits: string; expiresAt: Date }>;
  /** Each wrong try counts. The right code is used up. */
  redeem(which: Which, digits: string): Promise<Redeemed>;
};

export const codeTtlMs = 10 * 60_000;
const mostTries = 5;
const mostTriesElsewhere = 2;

export function createCodes({ sql, secret, now }: { sql: Sql; secret: string; now(): number }): Codes {
  // One key for one purpose: with the database alone, six digits are guessed in no time.
  const key = Buffer.from(hkdfSync("sha256", secret, "", "dropgate mailed codes", 32));
  const hashOf = (codeId: string, digits: string) => createHmac("sha256", key).update(`${codeId} ${digits}`).digest();

  return {
    async issue({ purpose, email, network, isDecoy, name, phc }) {
      const codeId = randomHex(12);
      const digits = String(randomInt(1_000_000)).padStart(6, "0");
      const expiresAt = new Date(now() + codeTtlMs);
      await sql.query(
        `insert into identity.code (code_id, purpose, email, network, code_hash, name, phc, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)`,
        [
          codeId,
          purpose,
          email,
          network,
          isDecoy ? null : hashOf(codeId, digits),
          name ?? null,
          phc ?? null,
          expiresAt,
        ],
      );
      return { codeId, digits, expiresAt };
    },

    async redeem(which, digits) {
      return sql.transaction(async (tx): Promise<Redeemed> => {
        const codes = await countTry(tx, which, new Date(now()));
        if (codes.length === 0) return { ok: false, reason: "code_expired" };
        const code = codes.find(({ codeId, hash }) => hash && timingSafeEqual(hashOf(codeId, digits), hash));
        if (!code) return { ok: false, reason: "code_wrong" };
        await tx.query("delete from identity.code where code_id = $1", [code.codeId]);
        return { ok: true, email: code.email, name: code.name, phc: code.phc };
      });
    },
  };
}

type CodeRow = {
  codeId: string;
  email: string;
  network: string;
  hash: Buffer | null;
  name: string | null;
  phc: string | null;
  tries: number;
  triesElsewhere: number;
};

/**
 * Counts a try of each code that may be meant, and returns those that had one left: of several for one address the latest,
 * and the latest that this network asked for. The rows stay locked until the transaction ends, so that tries at the same
 * moment are counted one by one; in one order, so that they do not wait for each other.
 */
async function countTry(tx: Queryable, which: Which, at: Date): Promise<CodeRow[]> {
  const [codeId, email, network] = "codeId" in which ? [which.codeId] : [null, which.email, which.network];
  const rows = await tx.query<CodeRow>(
    `with live as (
       select code_id, network, expires_at from identity.code
       where purpose = $1 and (code_id = $2 or email = $3) and expires_at > $4)
     select code_id as "codeId", email, network, code_hash as hash, name, phc, tries, tries_elsewhere as "triesElsewhere"
     from identity.code
     where code_id in (select code_id from live order by expires_at desc limit 1)
        or code_id in (select code_id from live where network = $5 order by expires_at desc limit 1)
     order by code_id for update`,
    [which.purpose, codeId, email ?? null, at, network ?? null],
  );
  const isElsewhere = (row: CodeRow) => network !== undefined && row.network !== network;
  const left = rows.filter(
    (row) => row.tries < mostTries && !(isElsewhere(row) && row.triesElsewhere >= mostTriesElsewhere),
  );
  await tx.query(
    `update identity.code set tries = tries + 1, tries_elsewhere = tries_elsewhere + (code_id = any ($2))::integer
     where code_id = any ($1)`,
    [left.map((row) => row.codeId), left.filter(isElsewhere).map((row) => row.codeId)],
  );
  return left;
}
