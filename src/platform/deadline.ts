/**
 * Limits how long a caller waits: it gets the work's answer, or `late` after `ms`, which is a value to return or an
 * error to throw. The work itself goes on and may still take effect. The timer does not outlive the call.
 */
export async function within<T, L>(ms: number, work: Promise<T>, late: () => L): Promise<T | L> {
  const over = Promise.withResolvers<typeof isOver>();
  const callOff = afterAnswers(ms, () => over.resolve(isOver));
  try {
    const first = await Promise.race([work, over.promise]);
    return first === isOver ? late() : first;
  } finally {
    callOff();
  }
}

/**
 * Calls `act` after `ms`, unless the returned function is called before. A process that was frozen or busy wakes with its
 * timers due and answers in its sockets: those are read first, so that an answer in time is not taken for a late one.
 */
export function afterAnswers(ms: number, act: () => void): () => void {
  let turn: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    turn = setImmediate(act);
  }, ms);
  return () => {
    clearTimeout(timer);
    clearImmediate(turn);
  };
}

/** For work that the caller waits for only a while, whether it finishes or not. */
export function goOn(): undefined {
  return undefined;
}

const isOver = Symbol("the time is over");
