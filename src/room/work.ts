/**
 * The proof of work before a place in the line: a number whose hash with a challenge begins with so many zero bits. A person
 * pays a moment of their device for each account; a crowd of invented people pays it for each of them. Pure.
 */
import { hash } from "node:crypto";
import type { Challenge, Challenges } from "#identity";

/** So many bits more for each doubling of the people who join: about 4,000 hashes at rest, and a million at most. */
const fewestBits = 12;
const mostBits = 20;
const joinsASecondAtRest = 10;
/** A person has so long for it; a crowd cannot collect solutions for longer. */
export const challengeLivesMs = 120_000;

/** The bits that joining asks for while so many people a second get a place. */
export function bitsFor(joinsASecond: number): number {
  const doublings = Math.ceil(Math.log2(Math.max(1, joinsASecond / joinsASecondAtRest)));
  return Math.min(mostBits, fewestBits + doublings);
}

/** Whether SHA-256 of the text begins with so many zero bits; it takes as long for a wrong one as for a right one. */
export function isSolved(text: string, bits: number): boolean {
  const first = Number.parseInt(hash("sha256", text, "hex").slice(0, 8), 16);
  return first >>> (32 - bits) === 0;
}

/**
 * When the challenge was issued that this solution answers, if it is one of this person for this drop, and in time.
 * @param solution The challenge, a colon, and a number.
 */
export function solvedAtMs(
  solution: string,
  { dropId, userId }: Pick<Challenge, "dropId" | "userId">,
  challenges: Pick<Challenges, "read">,
  nowMs: number,
): number | undefined {
  const challenge = challenges.read(solution.slice(0, solution.lastIndexOf(":")));
  if (challenge?.dropId !== dropId || challenge.userId !== userId) return undefined;
  const ageMs = nowMs - challenge.issuedAtMs;
  if (ageMs < 0 || ageMs > challengeLivesMs || !isSolved(solution, challenge.bits)) return undefined;
  return challenge.issuedAtMs;
}
