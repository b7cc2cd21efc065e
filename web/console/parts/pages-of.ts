/**
 * Reads a list page by page: what was read so far, and how to go on. `everyMs` may depend on what the list has; false: it
 * is read again when asked.
 */
import { useInfiniteQuery } from "@tanstack/react-query";

export function usePagesOf<Item>(
  key: readonly unknown[],
  read: (cursor: string | undefined) => Promise<{ items: Item[]; nextCursor: string | number | null }>,
  everyMs: number | false | ((items: readonly Item[]) => number | false) = false,
) {
  /** The more pages, the rarer: a long list asks no more of the server than a short one. */
  function lookEveryMs(pages: readonly { items: readonly Item[] }[] = []): number | false {
    const ms = typeof everyMs === "function" ? everyMs(pages.flatMap((page) => page.items)) : everyMs;
    return ms && ms * Math.max(1, pages.length);
  }
  const pages = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => read(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => (nextCursor === null ? undefined : String(nextCursor)),
    // All of them are read anew, lest a row be lost between two.
    refetchInterval: ({ state }) => lookEveryMs(state.data?.pages),
  });
  const items = pages.data?.pages.flatMap((page) => page.items) ?? [];
  return { ...pages, items, lookEveryMs: lookEveryMs(pages.data?.pages) };
}
