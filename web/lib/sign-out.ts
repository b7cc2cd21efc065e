/** Ends the session of this browser. A file of its own, which leaves the first load as small as it is. */
import { answerWithinMs, leave } from "./shopper.ts";

/** @throws if no answer comes, or, with the answer as its cause, if it is refused. */
export async function signOut(): Promise<void> {
  const response = await fetch("/session", { method: "DELETE", signal: AbortSignal.timeout(answerWithinMs) });
  if (!response.ok) throw new Error("the session has not ended", { cause: response });
  leave();
}
