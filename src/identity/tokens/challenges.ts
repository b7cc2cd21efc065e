/**
 * Signs and reads challenges: each asks one person for a proof of work before they get a place in one drop's line. The
 * challenge itself has all that it asks for, so no process keeps it.
 */
import { createSignedFields } from "./signed-fields.ts";

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
  const signed = createSignedFields<Fields>(secret, "dropgate challenges");

  return {
    sign: ({ dropId, userId, bits, issuedAtMs }) => signed.sign([dropId, userId, bits, issuedAtMs]),

    read(token) {
      const fields = signed.read(token);
      if (!fields) return undefined;
      const [dropId, userId, bits, issuedAtMs] = fields;
      return { dropId, userId, bits, issuedAtMs };
    },
  };
}

type Fields = [dropId: string, userId: string, bits: number, issuedAtMs: number];
