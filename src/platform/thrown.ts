/** Reads the message of whatever was thrown: JavaScript lets a program throw values that are no errors. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
