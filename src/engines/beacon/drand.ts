/**
 * The beacon adapter for drand (https://docs.drand.love/dev-guide/API%20Documentation%20v1/): asks servers by HTTP and
 * believes none of them. A value counts only if its signature verifies under the chain's key, which the caller brings.
 */
import { messageOf } from "#platform/thrown";
import type { Beacon, Chain, Round } from "./beacon.ts";

export type DrandSettings = { urls: readonly string[]; chain: Chain };

const answerWithinMs = 5_000;
const mostBytes = 16_384;
/** How servers answer for a round that has not come. */
const notYet: ReadonlySet<number> = new Set([404, 425]);

export function createDrandBeacon({ urls, chain }: DrandSettings): Beacon {
  return {
    chain: async () => chain,
    times: chain,
    async read(round, signal) {
      const faults: string[] = [];
      for (const url of urls) {
        try {
          const found = await askServer(url, chain, round, signal);
          if (found) return found;
        } catch (error) {
          signal?.throwIfAborted();
          faults.push(`${new URL(url).host}: ${messageOf(error)}`);
        }
      }
      // As long as one server says that it has not come, the others may just be broken.
      if (faults.length < urls.length) return undefined;
      throw new Error(`round ${round} of drand could not be read: ${faults.join("; ")}`);
    },
  };
}

async function askServer(
  url: string,
  chain: Chain,
  round: number,
  signal: AbortSignal | undefined,
): Promise<Round | undefined> {
  const late = AbortSignal.timeout(answerWithinMs);
  const response = await fetch(`${url.replace(/\/$/, "")}/${chain.hash}/public/${round}`, {
    redirect: "error",
    signal: signal ? AbortSignal.any([signal, late]) : late,
  });
  if (notYet.has(response.status)) {
    await response.body?.cancel();
    return undefined;
  }
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`it answered ${response.status}`);
  }
  const { signature } = (JSON.parse(await textOf(response)) ?? {}) as { signature?: unknown };
  const { isRound, randomnessOf } = await import("#platform/bls");
  if (typeof signature !== "string" || !isRound(chain, round, signature)) {
    throw new Error("its signature is not that of the chain's key over this round");
  }
  return { round, signature, randomness: randomnessOf(signature) };
}

async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > mostBytes) throw new Error(`it answered more than ${mostBytes} bytes`);
  }
  return text;
}
