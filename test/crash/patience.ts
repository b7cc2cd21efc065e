/** Clients give up waiting: what they asked for may be done, or not, or later. */
const patienceMs = 8_000;

/** The answer, or nothing where none came in time or the connection broke. */
export async function patiently<T>(asked: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, patienceMs, undefined);
  });
  const heard = asked.catch(() => undefined);
  return Promise.race([heard, late]).finally(() => clearTimeout(timer));
}
