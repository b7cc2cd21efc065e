/** The beacon port: random values that come at times known in advance, signed so that outsiders can check them. */

/** `hash` and `publicKey` in hex. Round 1 comes at `genesisMs`. */
export type Chain = { hash: string; scheme: string; genesisMs: number; periodMs: number; publicKey: string };

/** All in hex: `randomness` is SHA-256 of the signature. */
export type Round = { round: number; signature: string; randomness: string };

/** drand: a public network that the shop cannot influence, if the settings name its servers. own: the shop itself. */
export type Beacons = { own: Beacon; drand: Beacon | undefined };

export type Beacon = {
  chain(): Promise<Chain>;
  /** Of the chain, which is known only after a key was computed. */
  times: Pick<Chain, "genesisMs" | "periodMs">;
  /**
   * The round, its signature checked; undefined if it has not come. A round never has another value.
   * @throws if none of the beacon's servers gives an answer that verifies.
   */
  read(round: number, signal?: AbortSignal): Promise<Round | undefined>;
};

/** Servers have a round within a moment of its time, milliseconds. */
const knownAfterMs = 6_000;

/** The newest round that every server has by now. @throws also if it is not there: then the servers are behind. */
export async function readNewest(beacon: Beacon, nowMs: number): Promise<Round> {
  const { times } = beacon;
  const round = Math.floor((nowMs - knownAfterMs - times.genesisMs) / times.periodMs) + 1;
  const found = await beacon.read(round);
  if (found) return found;
  throw new Error(`round ${round} is not there, and came at ${new Date(comesAtMs(times, round)).toISOString()}`);
}

export function comesAtMs({ genesisMs, periodMs }: Beacon["times"], round: number): number {
  return genesisMs + (round - 1) * periodMs;
}
