/**
 * Limits how long a caller waits: it gets the work's answer, or `late` after `ms`, which is a value to return or an
 * error to throw. The work itself goes on and may still take effect. The timer does not outlive the call.
 */
export async function within<T, L>(ms: number, work: Promise<T>, late: () => L): Promise<T | L> {
  const over = Promise.withResolvers<typeof isOver>();
  const timer = setTimeout(() => over.resolve(isOver), ms);
  try {
    const first = await Promise.race([work, over.promise]);
    return first === isOver ? late() : first;
  } finally {
    clearTimeout(timer);
  }
}

/** For work that the caller waits for only a while, whether it finishes or not. */
export function goOn(): undefined {
  return undefined;
}

const isOver = Symbol("the time is over");
