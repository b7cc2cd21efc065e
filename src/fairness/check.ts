/** One thing that was checked about a line, and what came of it. */
import type { Hash } from "./bytes.ts";
import type { Chain } from "./rounds.ts";

/**
 * holds: shown by the published files. fails: they contradict each other, or a promise. unknown: cannot be checked yet.
 * warns: nothing contradicts, and it proves less than a reader may think.
 */
export type Check = { check: CheckName; outcome: "holds" | "fails" | "unknown" | "warns"; says: string };

export type CheckName =
  | "rules"
  | "key"
  | "beacon"
  | "roster"
  | "root"
  | "round"
  | "seed"
  | "empty"
  | "heads"
  | "receipt"
  | "place"
  | "witness"
  | "calls"
  | "orders"
  | "invented";

/** Each reader brings these: in Node and in a browser they come from different places. */
export type Tools = {
  sha256: Hash;
  /** Ed25519 over the text's UTF-8; key and signature in base64url. False also for what is no signature at all. */
  isSigned(publicKey: string, text: string, signature: string): boolean;
  /** Whether the chain's key signed the round; the signature in hex. */
  isRound(chain: Chain, round: number, signature: string): boolean;
};

export function holds(check: CheckName, says: string): Check {
  return { check, outcome: "holds", says };
}

export function fails(check: CheckName, says: string): Check {
  return { check, outcome: "fails", says };
}

export function unknown(check: CheckName, says: string): Check {
  return { check, outcome: "unknown", says };
}

export function warns(check: CheckName, says: string): Check {
  return { check, outcome: "warns", says };
}

/** For sentences: the moment in UTC, to the second. A published file may hold a number that is no moment: then as it stands. */
export function timeText(ms: number): string {
  const moment = new Date(ms);
  if (Number.isNaN(moment.getTime())) return `${ms} ms since 1970`;
  return moment.toISOString().replace(/\.\d{3}Z$/, "Z");
}
