/** Joins a line that asks for a proof of work. The waiting page loads this file only when it is asked for that. */
import { solveWork } from "../../packages/client/src/solve.ts";

export async function join(path: string, { challenge, bits }: { challenge: string; bits: number }) {
  const headers = { "join-work": await solveWork(challenge, bits) };
  const response = await fetch(path, { method: "POST", headers, signal: AbortSignal.timeout(12_000) });
  return { status: response.status, body: await response.json().catch(() => ({})) };
}
