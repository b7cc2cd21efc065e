/** Checks a line against what people keep of it: their receipts and the roots that they saw; and how people are served. */
import { bytesOf, hexOf } from "./bytes.ts";
import { type Check, fails, holds, type Tools, timeText, unknown, warns } from "./check.ts";
import { placesOf, seedOf } from "./order.ts";
import type { Call, Evidence, FairRecord, Kept, Served } from "./record.ts";
import { timeOfRound } from "./rounds.ts";
import { headText, receiptText } from "./texts.ts";
import type { Tree } from "./tree.ts";

/** A roster that only grows has, at each head's size, that head's root. */
export function checkHeads({ record, heads, roster }: Evidence, tree: Tree, tools: Tools): Check {
  const all = record.head ? [...heads, record.head] : heads;
  const { dropId, publicKey } = record;
  const rootOf = new Map<number, string>();
  for (const head of all) {
    const { size, root } = head;
    if (!tools.isSigned(publicKey, headText({ dropId, ...head }), head.signature)) {
      return fails("heads", `The head over ${size} places is not signed by the shop's key.`);
    }
    const other = rootOf.get(size) ?? root;
    if (other !== root)
      return fails(
        "heads",
        `The shop signed two roots over ${size} places: it shows different people different rosters.`,
      );
    rootOf.set(size, root);
    if (size > roster.length)
      return fails("heads", `A head counts ${size} places, and the roster has ${roster.length}.`);
    if (hexOf(tree.root(size)) !== root) {
      return fails(
        "heads",
        `The head of ${timeText(head.atMs)} over ${size} places is not the beginning of this roster: a place was changed or taken out.`,
      );
    }
  }
  if (all.length === 0) return unknown("heads", "No head of the roster is signed yet.");
  return holds(
    "heads",
    `The roster only grew: ${rootOf.size} signed head${rootOf.size === 1 ? "" : "s"} over up to ${Math.max(...rootOf.keys())} places agree with it.`,
  );
}

/** Whether the person is in the roster that their receipt promised. */
export function checkReceipt({ record, roster }: Evidence, { receipt }: Kept, tools: Tools): Check {
  const { dropId, seq, ticket } = receipt;
  if (dropId !== record.dropId)
    return fails("receipt", `The receipt is of the drop ${dropId}, and this is ${record.dropId}.`);
  if (!tools.isSigned(record.publicKey, receiptText(receipt), receipt.signature)) {
    return fails("receipt", `The receipt of number ${seq} is not signed by the shop's key.`);
  }
  if (roster[seq - 1] === ticket)
    return holds("receipt", `The receipt's ticket stands in the roster as number ${seq}.`);
  if (seq > roster.length && !record.draw) return unknown("receipt", `The roster does not reach number ${seq} yet.`);
  return fails(
    "receipt",
    `The shop promised number ${seq} of the roster by a signed receipt, and another or no ticket stands there: this person was dropped.`,
  );
}

/** The place of the person, computed here, beside the one that the shop told them. */
export function checkPlace({ record }: Evidence, kept: Kept, places: readonly number[]): Check {
  const { root, draw, freezesAtMs } = record;
  const { receipt, place: told } = kept;
  if (!draw) return unknown("place", "The place is known after the draw.");
  const drawn = root?.size ?? 0;
  if (receipt.seq > drawn && receipt.joinedAtMs < freezesAtMs) {
    return fails(
      "place",
      `The person joined at ${timeText(receipt.joinedAtMs)}, before the freeze at ${timeText(freezesAtMs)}, and was left out of the draw.`,
    );
  }
  const place = places[receipt.seq - 1] ?? receipt.seq;
  if (told !== undefined && told !== place)
    return fails("place", `The shop told place ${told}, and the order gives place ${place}.`);
  const joined =
    receipt.seq > drawn ? `after the freeze, as number ${receipt.seq}` : `before the freeze, among ${drawn}`;
  return holds("place", `The place is ${place}: the person joined ${joined}.`);
}

/** Each waiting page is a witness: the root that it saw before the round has to be the one in the record. */
export function checkWitness({ record }: Evidence, { seen = [] }: Kept, tree: Tree): Check {
  const { root, chain } = record;
  if (!root || seen.length === 0)
    return unknown("witness", "This page saw no root before the round, so it is no witness of it.");
  for (const { size, root: its, seenAtMs } of seen) {
    if (size === root.size && its !== root.root) {
      return fails(
        "witness",
        `This page saw another root over ${size} places at ${timeText(seenAtMs)}: the roster was changed after that.`,
      );
    }
    if (size > tree.size() || hexOf(tree.root(size)) !== its) {
      return fails(
        "witness",
        `The root over ${size} places that this page saw at ${timeText(seenAtMs)} is not the beginning of the roster.`,
      );
    }
  }
  const roundMs = timeOfRound(chain, root.round);
  const first = seen.find(({ size }) => size === root.size);
  return first && first.seenAtMs < roundMs
    ? holds("witness", `This page saw the root at ${timeText(first.seenAtMs)}, before the round's value was known.`)
    : unknown(
        "witness",
        "This page saw the root only after the round's time, so it cannot tell whether the root was there before.",
      );
}

/** A pass is given a moment after its call, by another process with a clock of its own. */
const clocksDifferByMs = 5_000;

/** No place is served before it is called, and no call is taken back. */
export function checkCalls(calls: readonly Call[], served: readonly Served[]): Check {
  const inTime = calls.toSorted((a, b) => a.atMs - b.atMs);
  let before = 0;
  for (const { atMs, called } of inTime) {
    if (called < before)
      return fails("calls", `At ${timeText(atMs)} the called places went back from ${before} to ${called}.`);
    before = called;
  }
  const byTime = served.toSorted((a, b) => a.atMs - b.atMs);
  let next = 0;
  let called = 0;
  for (const { place, atMs } of byTime) {
    for (let call = inTime[next]; call && call.atMs <= atMs + clocksDifferByMs; call = inTime[next]) {
      called = call.called;
      next += 1;
    }
    if (place > called) {
      return fails(
        "calls",
        `Place ${place} got a pass at ${timeText(atMs)}, when the places up to ${called} were called: it was served out of order.`,
      );
    }
  }
  if (calls.length === 0) return unknown("calls", "No place is called yet.");
  return holds(
    "calls",
    `No place was served before it was called: ${served.length} passes, called up to place ${called > before ? called : before}.`,
  );
}

export function noteInvented({ root }: FairRecord): Check {
  const size = root ? `${root.size} ${root.size === 1 ? "place" : "places"}` : "once its root is published";
  return warns(
    "invented",
    `No check shows whether the shop put invented people into the line before the freeze; only its size shows, ${size}.`,
  );
}

/**
 * The places of the drawn part of the roster, by the round's value and not by the seed that the record names; empty if there
 * is no draw, or people are served as they came.
 */
export function drawnPlaces({ record: { dropId, root, draw }, roster }: Evidence, { sha256 }: Tools): number[] {
  if (!root || draw?.order !== "beacon") return [];
  const seed = seedOf(sha256, { dropId, root: bytesOf(root.root), randomness: sha256(bytesOf(draw.signature)) });
  return placesOf(sha256, seed, roster.slice(0, root.size).map(bytesOf));
}
