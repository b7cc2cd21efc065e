/** The types of all that a shop publishes about a line, and that people keep of it. Hashes and tickets are lower-case hex. */
import type { Chain } from "./rounds.ts";
import type { HeadText, PlaceText, RootText } from "./texts.ts";

/** Ed25519 over the text, in base64url. */
export type Signed<Text> = Text & { signature: string };

/** `GET /drops/{id}/fair`. */
export type FairRecord = {
  rules: string;
  dropId: string;
  /** The shop's Ed25519 key, in base64url. */
  publicKey: string;
  chain: Chain;
  opensAtMs: number;
  freezesAtMs: number;
  /** Named when the drop was scheduled. */
  promisedRound: number;
  /** The newest head of the roster. */
  head: Signed<Omit<HeadText, "dropId">> | null;
  /** The roster that is drawn; null before the freeze, and if no one had joined by then. */
  root: Signed<Omit<RootText, "dropId">> | null;
  /** null before the draw. */
  draw: Draw | null;
  /**
   * The units that orders took from the drop's products while it was open, until `untilMs`, by the shop's own count of `atMs`;
   * null before its end.
   */
  ordered?: { units: number; untilMs: number; atMs: number } | null | undefined;
};

/**
 * `arrival`: people are served as they came. With a root, because an ADMIN ended the wait for the beacon; without one, because
 * no one had joined by the freeze.
 */
export type Draw =
  | { order: "beacon"; atMs: number; round: number; signature: string; randomness: string; seed: string }
  | { order: "arrival"; atMs: number; reason: string };

/** A pass: which place got it, when, what became of it, and the units of its order if it made one. */
export type Served = { place: number; atMs: number; outcome: string; units?: number };
/** From `atMs` on, the places up to `called` may buy. */
export type Call = { atMs: number; called: number };

/** A waiting page keeps this of one person's line. */
export type Kept = {
  receipt: Signed<PlaceText>;
  /** The place that the shop told after the draw. */
  place?: number | undefined;
  /** The roots that the page saw, each with the server's time at which it saw it first. */
  seen?: readonly { size: number; root: string; seenAtMs: number }[] | undefined;
};

export type Evidence = {
  record: FairRecord;
  /** The key that the shop shows at `/.well-known/dropgate.json`, perhaps in a file of an earlier day. */
  shopKey: string | undefined;
  /** The tickets in order of their number: `roster.txt`. */
  roster: readonly string[];
  heads: readonly Signed<Omit<HeadText, "dropId">>[];
  calls: readonly Call[];
  served: readonly Served[];
  kept: readonly Kept[];
};
