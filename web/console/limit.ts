/** Converts a limit of units between its typed text, which is empty if there is none, and a request. */
export function limitOf(typed: string): number | null {
  // No number is refused by the server as 0 is: it must never read as "no limit".
  return typed.trim() === "" ? null : Number(typed) || 0;
}

export function typedLimit(limit: number | null): string {
  return String(limit ?? "");
}
