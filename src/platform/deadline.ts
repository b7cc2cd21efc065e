/**
 * The work's answer, or what `late` says once `ms` are over: a value, or an error that it throws. The work itself goes on
 * and may still take effect; the timer does not outlive it.
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

/** For what is waited for only a while, whether it comes or not. */
export function goOn(): undefined {
  return undefined;
}

const isOver = Symbol("the time is over");
