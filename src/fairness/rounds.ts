/** Which round of a beacon decides a drop's order, and when the beacon makes it known. */

/** A beacon's chain. `hash` and `publicKey` in hex; round 1 comes at `genesisMs`. */
export type Chain = { hash: string; scheme: string; genesisMs: number; periodMs: number; publicKey: string };

/** drand's public network `quicknet`: https://docs.drand.love/about/#mainnet. Its rounds verify with this key, offline. */
export const quicknet: Chain = {
  hash: "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971",
  scheme: "bls-unchained-g1-rfc9380",
  genesisMs: 1_692_803_367_000,
  periodMs: 3_000,
  publicKey:
    "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451" +
    "0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a",
};

/** The promised round is the first one from this long before the opening on. */
export const roundLeadMs = 10_000;
/** A root that comes later than this before its round cannot use it. */
const rootLeadMs = 3_000;
/** Such a root uses the first round from this long after it on. */
const lateRootLeadMs = 6_000;
/** So long after its round's time, an ADMIN may end the wait for a beacon. */
export const fallbackAfterMs = 120_000;

type Times = Pick<Chain, "genesisMs" | "periodMs">;

export function timeOfRound({ genesisMs, periodMs }: Times, round: number): number {
  return genesisMs + (round - 1) * periodMs;
}

/** The first round at or after this time. */
export function roundAt({ genesisMs, periodMs }: Times, ms: number): number {
  return Math.max(1, Math.ceil((ms - genesisMs) / periodMs) + 1);
}

/** The round that is promised when the drop is scheduled. */
export function promisedRoundOf(chain: Times, opensAtMs: number): number {
  return roundAt(chain, opensAtMs - roundLeadMs);
}

/** The round that decides: the promised one, unless the root came so late that its value may have been known. */
export function decidingRound(chain: Times, { promisedRound, atMs }: { promisedRound: number; atMs: number }): number {
  const isLate = atMs > timeOfRound(chain, promisedRound) - rootLeadMs;
  return isLate ? roundAt(chain, atMs + lateRootLeadMs) : promisedRound;
}
