/** Limits how long a client of the tests waits for an answer. */
import { goOn, within } from "#platform/deadline";

/** The time-out of clients. A request without an answer may have been carried out, or not, or later. */
const patienceMs = 8_000;

/** The answer, or nothing if none came in time or the connection broke. */
export async function patiently<T>(asked: Promise<T>): Promise<T | undefined> {
  return within(
    patienceMs,
    asked.catch(() => undefined),
    goOn,
  );
}
