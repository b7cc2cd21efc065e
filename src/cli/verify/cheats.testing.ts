/** Lines of a shop that cheats in one thing each, made as the shop would make them: for a friend, the first of the roster. */
import { createHash } from "node:crypto";
import { type CheckName, type Evidence, fallbackAfterMs, headText, quicknet, timeOfRound } from "#fairness";
import { honestLine, type LineOptions, ownChain, signed, ticketOf } from "../../fairness/line.testing.ts";

export const line = honestLine();
export const forgedRoster = honestLine({ tickets: line.roster.with(3, ticketOf(99)) });
const { record, served, roster } = line;
const { dropId, opensAtMs } = record;
const roundMs = timeOfRound(quicknet, record.promisedRound);
const without5 = honestLine({ before: 11, tickets: roster.toSpliced(4, 1) });
const { draw: emptyDraw } = honestLine({ before: 0, after: 12 }).record;
const early = { place: 10, atMs: served[0]?.atMs ?? 0, outcome: "spent" };
const ordered = record.ordered ?? { units: 0, untilMs: 0, atMs: 0 };
const friend = {
  call: { atMs: opensAtMs + 30_000, called: 18 },
  pass: { place: 18, atMs: opensAtMs + 31_000, outcome: "spent", units: 1 },
};
const forgedHead = forgedRoster.heads[1] as Evidence["heads"][0];
const withoutLast = { size: 16, root: "ab".repeat(32), atMs: opensAtMs + 30_000 };

/** Tries one choice of the shop after the other, until its friend has the first place. */
function ground(optionsOf: (attempt: number) => LineOptions): Evidence {
  for (let attempt = 0; ; attempt += 1) {
    const tried = honestLine(optionsOf(attempt));
    const [friend] = tried.kept;
    if (friend?.place === 1) return { ...tried, kept: [friend] };
  }
}

function madeUp(attempt: number, bytes: number): string {
  return createHash("sha512")
    .update(`${attempt}`)
    .digest("hex")
    .slice(0, 2 * bytes);
}

/** By how the shop cheats: the check that fails, and its sentence with `…` for what differs. docs/guide/fair.md has the same. */
export const cheats: Record<string, { evidence: Evidence; check: CheckName; says: string }> = {
  "it changes the roster after its root was published": {
    evidence: { ...line, roster: roster.with(3, ticketOf(99)) },
    check: "roster",
    says: "The roster has changed after its root was published: it gives …, and … was published.",
  },
  "it puts a person into the roster twice": {
    evidence: honestLine({ tickets: roster.with(3, roster[0] as string) }),
    check: "roster",
    says: "A ticket stands in the roster twice.",
  },
  "it publishes another root than its waiting pages saw": {
    evidence: { ...forgedRoster, kept: line.kept.slice(0, 1) },
    check: "witness",
    says: "This page saw another root over … places at …: the roster was changed after that.",
  },
  "it publishes the root when it knows the round's value, over tickets that it chose by it": {
    evidence: ground((attempt) => ({
      tickets: roster.with(0, ticketOf(1_000 + attempt)),
      lateMs: roundMs - record.freezesAtMs + 1_000,
      rootNames: record.promisedRound,
    })),
    check: "round",
    says: "The rules take round … for a root of …, and the root names ….",
  },
  "it promises another round than the rules name": {
    evidence: honestLine({ promisedRound: 657_413 }),
    check: "round",
    says: "The rules name round … for this opening, and the record says that … was promised.",
  },
  "it draws with another round than the promised one": {
    evidence: honestLine({ drawWith: 657_413 }),
    check: "round",
    says: "Round … had to decide, and the order was drawn with round ….",
  },
  "it makes up the value of the round": {
    evidence: ground((attempt) => ({ signature: `8${madeUp(attempt, 48).slice(1)}` })),
    check: "round",
    says: "The signature of round … is not that of the chain's key: the value is made up.",
  },
  "it ends the wait for the beacon before its time": {
    evidence: {
      ...line,
      record: { ...record, draw: { order: "arrival", atMs: roundMs + fallbackAfterMs - 1_000, reason: "no answer" } },
      kept: [],
    },
    check: "round",
    says: "The shop ended the wait for the beacon … s after the round's time; the rules ask for 120 s.",
  },
  "it calls a chain of its own drand's": {
    evidence: honestLine({ chain: { ...quicknet, publicKey: ownChain.publicKey } }),
    check: "beacon",
    says: "The record names drand's quicknet with a key or with times that are not quicknet's.",
  },
  "it draws by another seed than the round gives": {
    evidence: ground((attempt) => ({ seed: madeUp(attempt, 32) })),
    check: "seed",
    says: "The seed is not the hash of the rules, the drop, the root and the round's randomness.",
  },
  "it leaves out a person who has a receipt": {
    evidence: { ...without5, kept: line.kept.slice(4, 5) },
    check: "receipt",
    says: "The shop promised number … of the roster by a signed receipt, and another or no ticket stands there: this person was dropped.",
  },
  "it leaves a person who joined before the freeze out of the draw": {
    evidence: honestLine({ before: 11, joined: 12 }),
    check: "place",
    says: "The person joined at …, before the freeze at …, and was left out of the draw.",
  },
  "it closes the roster before the freeze": {
    evidence: honestLine({ lateMs: -10_000 }),
    check: "root",
    says: "The root is of …, before the freeze at …: people who joined in between were left out of the draw.",
  },
  "it skips the draw, as if no one had joined before the freeze": {
    evidence: { ...line, record: { ...record, root: null, draw: emptyDraw } },
    check: "empty",
    says: "Number … joined at …, by the receipt, and the record says that the line was empty at …: the draw was skipped.",
  },
  "it tells a person another place": {
    evidence: { ...line, kept: line.kept.slice(0, 1).map((one) => ({ ...one, place: (one.place ?? 0) + 1 })) },
    check: "place",
    says: "The shop told place …, and the order gives place ….",
  },
  "it serves a place before it is called": {
    evidence: { ...line, served: [...served, early] },
    check: "calls",
    says: "Place … got a pass at …, when the places up to … were called: it was served out of order.",
  },
  "it takes a call back": {
    evidence: { ...line, calls: [...line.calls, { atMs: opensAtMs + 60_000, called: 3 }] },
    check: "calls",
    says: "At … the called places went back from … to ….",
  },
  "it sells units to people without a place": {
    evidence: { ...line, record: { ...record, ordered: { ...ordered, units: ordered.units + 3 } } },
    check: "orders",
    says: "Units ordered while the drop was open, by the shop's own count: …; units of the orders that passes of places made: …. The difference went to people without a place.",
  },
  "it gives a pass to a place that no person has": {
    evidence: { ...line, calls: [...line.calls, friend.call], served: [...served, friend.pass] },
    check: "orders",
    says: "Place … got a pass, and the roster has …: it is no person's.",
  },
  "it shows different people different rosters": {
    evidence: { ...line, heads: [...line.heads, forgedHead] },
    check: "heads",
    says: "The shop signed two roots over … places: it shows different people different rosters.",
  },
  "it changes the roster after a head of it was signed": {
    evidence: { ...line, heads: [...line.heads, signed(withoutLast, headText({ dropId, ...withoutLast }))] },
    check: "heads",
    says: "The head of … over … places is not the beginning of this roster: a place was changed or taken out.",
  },
  "it signs with another key than it shows for itself": {
    evidence: { ...line, shopKey: ownChain.hash },
    check: "key",
    says: "The record names the key …, and the shop's own page the key ….",
  },
};
