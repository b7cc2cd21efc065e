/**
 * Marks an error that says that a dependency did not answer, or not in time: it is down, locked or overloaded. The same
 * request may succeed in a moment, so the client gets 503 and not 500.
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
