/** Reads the message of whatever was thrown: JavaScript lets a program throw values that are no errors. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/**
 * The message and those of the causes, such as "the gate did not answer probe: OOM command not allowed". A message that
 * quotes its cause already is not told twice.
 */
export function withCauses(thrown: unknown): string {
  const message = messageOf(thrown);
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? withCauses(thrown.cause) : "";
  return message.includes(cause) ? message : `${message}: ${cause}`;
}
