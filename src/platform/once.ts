/** Does work once for each key, however often it is asked for. Work that fails is done again. */

export type Once = (key: string, work: () => Promise<void>) => Promise<void>;

/** So many keys are remembered; beyond that some work is done again. */
const keysAtMost = 10_000;

export function createOnce(): Once {
  const done = new Set<string>();
  return async (key, work) => {
    if (done.has(key)) return;
    await work();
    if (done.size >= keysAtMost) done.clear();
    done.add(key);
  };
}
