/** A line as an honest shop publishes it, for tests that cheat in one thing at a time. */
import { createHash, createPrivateKey, createPublicKey, sign as edSign } from "node:crypto";
import { blsKeyOf, blsScheme, isRound, randomnessOf } from "#platform/bls";
import { isSigned } from "#platform/ed25519";
import { recordedRounds } from "../../test/support/drand.ts";
import { bytesOf, hexOf } from "./bytes.ts";
import type { Tools } from "./check.ts";
import { placesOf, seedOf } from "./order.ts";
import type { Evidence, FairRecord, Kept, Served } from "./record.ts";
import { type Chain, decidingRound, promisedRoundOf, quicknet, timeOfRound } from "./rounds.ts";
import { headText, receiptText, rootText, rules } from "./texts.ts";
import { createTree } from "./tree.ts";

function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}

export const tools: Tools = { sha256, isSigned, isRound };

const pkcs8Head = Buffer.from("302e020100300506032b657004220420", "hex");
const key = createPrivateKey({ key: Buffer.concat([pkcs8Head, Buffer.alloc(32, 3)]), format: "der", type: "pkcs8" });
const publicKey = createPublicKey(key).export({ format: "jwk" }).x ?? "";
export function signed<Text extends object>(value: Text, text: string) {
  return { ...value, signature: edSign(null, Buffer.from(text), key).toString("base64url") };
}

const own = blsKeyOf(new Uint8Array(48).fill(9));
export const ownChain: Chain = {
  hash: "0e".repeat(32),
  scheme: blsScheme,
  genesisMs: quicknet.genesisMs,
  periodMs: 3_000,
  publicKey: own.publicKey,
};

export function ticketOf(seq: number): string {
  return hexOf(sha256(Buffer.from(`shoe ${seq}`)).slice(0, 16));
}

export type LineOptions = {
  chain?: Chain;
  /** People at the freeze, and after it. Without any at the freeze, nothing is drawn. */
  before?: number;
  after?: number;
  /** People who had joined at the freeze, if some of them are left out of the draw. */
  joined?: number;
  tickets?: readonly string[];
  /** The root comes this long after its time. */
  lateMs?: number;
  /** Draws with the value of this round instead of the right one. */
  drawWith?: number;
  /** Each instead of the right one: the promised round, the one that the root names, the round's value, the seed. */
  promisedRound?: number;
  rootNames?: number;
  signature?: string;
  seed?: string;
};

/** Round 1000 of quicknet is a recorded one; the opening follows it by ten seconds. */
const promisedRound = 1_000;

export function honestLine(options: LineOptions = {}): Evidence {
  const { chain = quicknet, before = 12, after = 5, lateMs = 0, joined = before } = options;
  const dropId = "shoe";
  const opensAtMs = timeOfRound(quicknet, promisedRound) + 10_000;
  const roster = options.tickets ?? Array.from({ length: before + after }, (_, index) => ticketOf(index + 1));
  const tree = createTree(sha256);
  for (const ticket of roster) tree.append(bytesOf(ticket));
  const rootAt = (size: number) => hexOf(tree.root(size));

  const freezesAtMs = opensAtMs - 30_000;
  const head = { size: before, root: rootAt(before), atMs: freezesAtMs + lateMs };
  const promised = { promisedRound: options.promisedRound ?? promisedRoundOf(chain, opensAtMs), atMs: head.atMs };
  const decides = options.rootNames ?? decidingRound(chain, promised);
  const unsigned = { ...head, ...promised, chain: chain.hash, round: decides };
  const root = signed(unsigned, rootText({ dropId, ...unsigned }));

  const round = options.drawWith ?? root.round;
  const recorded = recordedRounds.find((one) => one.round === round)?.signature;
  const signature = options.signature ?? (chain === quicknet ? (recorded ?? "") : own.sign(round));
  const randomness = randomnessOf(signature);
  const seed =
    options.seed ?? hexOf(seedOf(sha256, { dropId, root: bytesOf(root.root), randomness: bytesOf(randomness) }));
  const places = placesOf(sha256, bytesOf(seed), roster.slice(0, before).map(bytesOf));
  const headAt = (size: number, atMs: number) => {
    const value = { size, root: rootAt(size), atMs };
    return signed(value, headText({ dropId, ...value }));
  };
  const atMs = timeOfRound(chain, root.round) + 500;
  const record: FairRecord = {
    rules,
    dropId,
    publicKey,
    chain,
    opensAtMs,
    freezesAtMs,
    promisedRound: promised.promisedRound,
    head: headAt(roster.length, opensAtMs + 60_000),
    root: before > 0 ? root : null,
    draw:
      before > 0
        ? { order: "beacon", atMs, round, signature, randomness, seed }
        : { order: "arrival", atMs: head.atMs, reason: "no one had joined before the freeze" },
  };
  const kept = roster.map((ticket, index): Kept => {
    const joinedAtMs = index < joined ? opensAtMs - 600_000 + index : head.atMs + index - before;
    const place = { dropId, ticket, seq: index + 1, joinedAtMs };
    return {
      receipt: signed(place, receiptText(place)),
      place: places[index] ?? index + 1,
      ...(before > 0 && { seen: [{ size: before, root: root.root, seenAtMs: head.atMs + 900 }] }),
    };
  });
  const calls = [4, 9, roster.length].map((called, index) => ({ atMs: opensAtMs + index * 10_000, called }));
  const served = roster.map(
    (_, index): Served => ({
      place: index + 1,
      atMs: opensAtMs + (index < 4 ? 1_000 : index < 9 ? 11_000 : 21_000),
      ...(index % 3 === 0 ? { outcome: "lapsed" } : { outcome: "spent", units: 1 + (index % 2) }),
    }),
  );
  const untilMs = opensAtMs + 3_600_000;
  const ordered = { units: served.reduce((sum, { units = 0 }) => sum + units, 0), untilMs, atMs: untilMs + 86_400_000 };
  const heads = [headAt(before, head.atMs), headAt(before + 1, opensAtMs)].slice(before > 0 ? 0 : 1, after > 0 ? 2 : 1);
  return { record: { ...record, ordered }, shopKey: publicKey, roster, heads, calls, served, kept };
}
