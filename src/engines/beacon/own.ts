/**
 * The beacon adapter without a network: a chain with one key, the shop's own. It has the times and the signatures of a
 * public one, so the same checks run. It proves nothing to outsiders: who has the secret knows every value in advance.
 */
import { createHash, hkdfSync } from "node:crypto";
import { program } from "#platform/program";
import { type Beacon, type Chain, comesAtMs } from "./beacon.ts";

const times = { genesisMs: Date.UTC(2026, 0, 1), periodMs: 3_000 };

export function createOwnBeacon({ secret, now }: { secret: string; now(): number }): Beacon {
  let opening: ReturnType<typeof open> | undefined;

  async function open() {
    // Loaded at the first use, because most shops never draw.
    const { blsKeyOf, blsScheme, randomnessOf } = await import("#platform/bls");
    const seed = hkdfSync("sha256", secret, "", `${program.name} own beacon`, 48);
    const { publicKey, sign } = blsKeyOf(new Uint8Array(seed));
    const unnamed = { ...times, scheme: blsScheme, publicKey };
    const hash = createHash("sha256")
      .update(`${program.name} own chain ${JSON.stringify(unnamed)}`)
      .digest("hex");
    const chain: Chain = { hash, ...unnamed };
    return { chain, sign, randomnessOf };
  }

  function opened() {
    opening ??= open();
    return opening;
  }

  return {
    chain: async () => (await opened()).chain,
    times,
    async read(round) {
      if (comesAtMs(times, round) > now()) return undefined;
      const { sign, randomnessOf } = await opened();
      const signature = sign(round);
      return { round, signature, randomness: randomnessOf(signature) };
    },
  };
}
