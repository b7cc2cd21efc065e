/**
 * Codes that are mailed: six digits, ten minutes, five tries. One is made for every request, also where no mail is sent,
 * so that the answers to wrong codes do not tell whether an address has an account.
 */
import { createHmac, hkdfSync, randomInt, timingSafeEqual } from "node:crypto";
import type { Queryable, Sql } from "#engines/sql";
import { randomHex } from "#platform/ids";

export type Purpose = "sign_up" | "log_in" | "reset";

export type NewCode = {
  purpose: Purpose;
  email: string;
  /** Where no mail is sent: no code is right. */
  isDecoy: boolean;
  name?: string;
  phc?: string | undefined;
};
export type Redeemed =
  | { ok: true; email: string; name: string | null; phc: string | null }
  | { ok: false; reason: "code_wrong" | "code_expired" };

export type Codes = {
  issue(code: NewCode): Promise<{ codeId: string; digits: string; expiresAt: Date }>;
  /** Each wrong try counts. The right code is used up. */
  redeem(which: { purpose: Purpose } & ({ codeId: string } | { email: string }), digits: string): Promise<Redeemed>;
};

export const codeTtlMs = 10 * 60_000;
const mostTries = 5;

export function createCodes({ sql, secret, now }: { sql: Sql; secret: string; now(): number }): Codes {
  // One key for one purpose: with the database alone, six digits are guessed in no time.
  const key = Buffer.from(hkdfSync("sha256", secret, "", "dropgate mailed codes", 32));
  const hashOf = (codeId: string, digits: string) => createHmac("sha256", key).update(`${codeId} ${digits}`).digest();

  return {
    async issue({ purpose, email, isDecoy, name, phc }) {
      const codeId = randomHex(12);
      const digits = String(randomInt(1_000_000)).padStart(6, "0");
      const expiresAt = new Date(now() + codeTtlMs);
      await sql.query(
        `insert into identity.code (code_id, purpose, email, code_hash, name, phc, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7)`,
        [codeId, purpose, email, isDecoy ? null : hashOf(codeId, digits), name ?? null, phc ?? null, expiresAt],
      );
      return { codeId, digits, expiresAt };
    },

    async redeem(which, digits) {
      return sql.transaction(async (tx): Promise<Redeemed> => {
        const code = await countTry(tx, which, new Date(now()));
        if (!code) return { ok: false, reason: "code_expired" };
        const given = hashOf(code.codeId, digits);
        if (!code.hash || !timingSafeEqual(given, code.hash)) return { ok: false, reason: "code_wrong" };
        await tx.query("delete from identity.code where code_id = $1", [code.codeId]);
        return { ok: true, email: code.email, name: code.name, phc: code.phc };
      });
    },
  };
}

type CodeRow = { codeId: string; email: string; hash: Buffer | null; name: string | null; phc: string | null };

/** The row stays locked until the transaction ends, so that tries at the same moment are counted one by one. */
async function countTry(
  tx: Queryable,
  which: { purpose: Purpose } & ({ codeId: string } | { email: string }),
  at: Date,
): Promise<CodeRow | undefined> {
  const [codeId, email] = "codeId" in which ? [which.codeId, null] : [null, which.email];
  // Of several codes for one address, the latest counts.
  const [row] = await tx.query<CodeRow>(
    `update identity.code set tries = tries + 1
     where code_id = (select code_id from identity.code
                      where purpose = $1 and (code_id = $2 or email = $3) and expires_at > $4
                      order by expires_at desc limit 1)
       and tries < $5
     returning code_id as "codeId", email, code_hash as hash, name, phc`,
    [which.purpose, codeId, email, at, mostTries],
  );
  return row;
}
