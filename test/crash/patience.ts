/** Limits how long a client of the tests waits for an answer. */
import { goOn, within } from "#platform/deadline";

/** Clients give up waiting: what they asked for may be done, or not, or later. */
const patienceMs = 8_000;

/** The answer, or nothing where none came in time or the connection broke. */
export async function patiently<T>(asked: Promise<T>): Promise<T | undefined> {
  return within(
    patienceMs,
    asked.catch(() => undefined),
    goOn,
  );
}
