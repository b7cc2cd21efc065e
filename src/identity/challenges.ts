/**
 * Signs and reads challenges: each asks one person for a proof of work before they get a place in one drop's line. The
 * challenge itself has all that it asks for, so no process keeps it.
 */
import { hkdfSync } from "node:crypto";
import { createHs256 } from "./hs256.ts";

export type Challenge = {
  dropId: string;
  userId: string;
  /** The work that is asked for: see `room/work.ts`. */
  bits: number;
  issuedAtMs: number;
};

export type Challenges = {
  sign(challenge: Challenge): string;
  /** Undefined if we did not sign it. Its time is not checked. */
  read(token: string): Challenge | undefined;
};

export function createChallenges(secret: string): Challenges {
  // A key for this purpose alone: no pass or token of ours is a challenge.
  const key = Buffer.from(hkdfSync("sha256", secret, "", "dropgate challenges", 32)).toString("hex");
  const hs256 = createHs256(key);

  return {
    sign({ dropId, userId, bits, issuedAtMs }) {
      const fields: Fields = [dropId, userId, bits, issuedAtMs];
      const text = Buffer.from(JSON.stringify(fields)).toString("base64url");
      return `${text}.${hs256.sign(text)}`;
    },

    read(token) {
      const at = token.indexOf(".");
      if (at < 0 || !hs256.matches(token.slice(0, at), token.slice(at + 1))) return undefined;
      const fields = JSON.parse(Buffer.from(token.slice(0, at), "base64url").toString()) as Fields;
      const [dropId, userId, bits, issuedAtMs] = fields;
      return { dropId, userId, bits, issuedAtMs };
    },
  };
}

type Fields = [dropId: string, userId: string, bits: number, issuedAtMs: number];
