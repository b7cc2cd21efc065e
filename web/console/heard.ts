/** Puts the answer to an act in place of what was read: a reading that is under way is older than the act. */
import type { QueryClient } from "@tanstack/react-query";

export async function hear(queries: QueryClient, queryKey: readonly unknown[], answer: unknown): Promise<void> {
  await queries.cancelQueries({ queryKey });
  queries.setQueryData(queryKey, answer);
}
