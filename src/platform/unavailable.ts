/**
 * Marks what was thrown because a part that is needed did not answer, or not in time: away, locked, or overrun. The same
 * request may succeed in a moment, so people hear 503 and not that something is broken.
 */
const marked = new WeakSet<object>();

export function markUnavailable<E>(error: E): E {
  if (typeof error === "object" && error !== null) marked.add(error);
  return error;
}

/** Looks along the causes, because a module may have wrapped the error with the name of its operation. */
export function isUnavailable(thrown: unknown): boolean {
  for (let at = thrown; at instanceof Error; at = at.cause) if (marked.has(at)) return true;
  return false;
}
