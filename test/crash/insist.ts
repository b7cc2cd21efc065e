/** Repeats a request until the shop has given an answer that a repeat would not change. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Answer } from "../support/client.ts";
import { patiently } from "./patience.ts";

const pauseMs = 250;

/** Returns the answer; none once the trial is over. */
export async function insist<B>(
  goesOn: () => boolean,
  ask: () => Promise<Answer<B>>,
  isFinal: (answer: Answer<B>) => boolean = ({ status }) => status < 500 && status !== 429,
): Promise<Answer<B> | undefined> {
  while (goesOn()) {
    const answer = await patiently(ask());
    if (answer && isFinal(answer)) return answer;
    await sleep(pauseMs);
  }
  return undefined;
}
