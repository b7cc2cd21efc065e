/** Checks the draw of a line: the beacon, the roster's root, the round and the seed. */
import { bytesOf, hexOf } from "./bytes.ts";
import { type Check, fails, holds, type Tools, timeText, unknown, warns } from "./check.ts";
import { seedOf } from "./order.ts";
import type { Evidence, FairRecord } from "./record.ts";
import { type Chain, decidingRound, fallbackAfterMs, promisedRoundOf, quicknet, timeOfRound } from "./rounds.ts";
import { rootText } from "./texts.ts";
import type { Tree } from "./tree.ts";

export function checkBeacon({ chain, draw }: FairRecord): Check {
  if (chain.hash !== quicknet.hash) {
    return warns(
      "beacon",
      "This line is drawn by the shop itself: its own chain signs the rounds, so the shop can know the seed in advance, and the draw proves nothing to outsiders.",
    );
  }
  if (!isQuicknet(chain))
    return fails("beacon", "The record names drand's quicknet with a key or with times that are not quicknet's.");
  return draw?.order === "arrival"
    ? warns("beacon", "The line was to be drawn by drand's public network quicknet, and no value of it was used.")
    : holds(
        "beacon",
        "The seed comes from drand's public network quicknet, which the shop cannot choose or know in advance.",
      );
}

/** A shop that changed its key could disown its receipts. */
export function checkKey({ record: { publicKey }, shopKey }: Evidence): Check {
  if (shopKey === undefined)
    return unknown("key", "The shop's key is taken from the record: no dropgate.json is here to compare.");
  return shopKey === publicKey
    ? holds("key", "The record is signed with the key that the shop shows for itself.")
    : fails("key", `The record names the key ${publicKey}, and the shop's own page the key ${shopKey}.`);
}

function isQuicknet({ publicKey, genesisMs, periodMs, scheme }: Chain): boolean {
  return (
    publicKey === quicknet.publicKey &&
    genesisMs === quicknet.genesisMs &&
    periodMs === quicknet.periodMs &&
    scheme === quicknet.scheme
  );
}

/** Whether the roster is the one whose root was published before the round. */
export function checkRoster({ root, draw }: FairRecord, roster: readonly string[], tree: Tree): Check {
  if (new Set(roster).size !== roster.length) return fails("roster", "A ticket stands in the roster twice.");
  if (!root && draw)
    return holds(
      "roster",
      `The roster's ${roster.length} places are all of after the freeze, and have the order of their numbers.`,
    );
  if (!root)
    return unknown("roster", `The roster has ${roster.length} places and grows; its root is published at the freeze.`);
  if (root.size > roster.length) {
    return fails(
      "roster",
      `The roster has ${roster.length} places, and its root was published over ${root.size}: places are missing.`,
    );
  }
  const found = hexOf(tree.root(root.size));
  return found === root.root
    ? holds(
        "roster",
        `The roster's first ${root.size} places have the root that was published at ${timeText(root.atMs)}.`,
      )
    : fails(
        "roster",
        `The roster has changed after its root was published: it gives ${found.slice(0, 16)}…, and ${root.root.slice(0, 16)}… was published.`,
      );
}

export function checkRoot({ dropId, publicKey, freezesAtMs, root, draw }: FairRecord, tools: Tools): Check {
  if (!root && draw)
    return fails("root", "The record has a draw and no root: the roster that was drawn is not published.");
  if (!root) return unknown("root", "No root is published yet.");
  if (root.atMs < freezesAtMs) {
    return fails(
      "root",
      `The root is of ${timeText(root.atMs)}, before the freeze at ${timeText(freezesAtMs)}: people who joined in between were left out of the draw.`,
    );
  }
  return tools.isSigned(publicKey, rootText({ dropId, ...root }), root.signature)
    ? holds("root", "The shop's key signed the root, its time and its round.")
    : fails("root", "The signature of the root is not that of the shop's key over this root, time and round.");
}

export function checkRound(record: FairRecord, tools: Tools): Check {
  const { chain, opensAtMs, root, draw } = record;
  const promised = promisedRoundOf(chain, opensAtMs);
  if (record.promisedRound !== promised) {
    return fails(
      "round",
      `The rules name round ${promised} for this opening, and the record says that ${record.promisedRound} was promised.`,
    );
  }
  if (!root) return unknown("round", `Round ${promised}, of ${timeText(timeOfRound(chain, promised))}, is promised.`);
  if (root.chain !== chain.hash) return fails("round", "The root names another chain than the record.");
  if (root.promisedRound !== promised) {
    return fails(
      "round",
      `The root names ${root.promisedRound} as the promised round, and the rules name ${promised}.`,
    );
  }
  const deciding = decidingRound(chain, root);
  if (root.round !== deciding) {
    return fails(
      "round",
      `The rules take round ${deciding} for a root of ${timeText(root.atMs)}, and the root names ${root.round}.`,
    );
  }
  const why = deciding === promised ? "the promised one" : `since the root was too late for the promised ${promised}`;
  if (!draw)
    return unknown(
      "round",
      `Round ${deciding} decides, ${why}; it comes at ${timeText(timeOfRound(chain, deciding))}.`,
    );
  if (draw.order === "arrival") return checkFallback(draw, timeOfRound(chain, deciding));
  if (draw.round !== deciding)
    return fails("round", `Round ${deciding} had to decide, and the order was drawn with round ${draw.round}.`);
  if (!tools.isRound(chain, draw.round, draw.signature)) {
    return fails("round", `The signature of round ${draw.round} is not that of the chain's key: the value is made up.`);
  }
  return holds("round", `Round ${deciding} decides, ${why}; its value is signed by the chain's key.`);
}

function checkFallback({ atMs, reason }: { atMs: number; reason: string }, roundMs: number): Check {
  const waitedS = Math.round((atMs - roundMs) / 1_000);
  return atMs < roundMs + fallbackAfterMs
    ? fails(
        "round",
        `The shop ended the wait for the beacon ${waitedS} s after the round's time; the rules ask for ${fallbackAfterMs / 1_000} s.`,
      )
    : warns(
        "round",
        `The shop ended the wait for the beacon after ${waitedS} s and serves people in order of arrival, with this reason: ${reason}`,
      );
}

export function checkSeed({ dropId, root, draw }: FairRecord, { sha256 }: Tools): Check {
  if (!draw || !root) return unknown("seed", "The line is not drawn yet.");
  if (draw.order === "arrival") return warns("seed", "There is no seed: people are served in order of arrival.");
  const randomness = sha256(bytesOf(draw.signature));
  if (hexOf(randomness) !== draw.randomness)
    return fails("seed", "The round's randomness is not the hash of its signature.");
  const seed = hexOf(seedOf(sha256, { dropId, root: bytesOf(root.root), randomness }));
  return seed === draw.seed
    ? holds("seed", "The seed is the hash of the rules, the drop, the root and the round's randomness.")
    : fails("seed", "The seed is not the hash of the rules, the drop, the root and the round's randomness.");
}
