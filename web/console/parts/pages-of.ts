/** Reads a list page by page: what was read so far, and how to go on. `everyMs` false: it is read again when asked. */
import { useInfiniteQuery } from "@tanstack/react-query";

export function usePagesOf<Item>(
  key: readonly unknown[],
  read: (cursor: string | undefined) => Promise<{ items: Item[]; nextCursor: string | number | null }>,
  everyMs: number | false = false,
) {
  /** The more pages, the rarer: a long list asks no more of the server than a short one. */
  const lookEveryMs = (count = 1) => everyMs && everyMs * count;
  const pages = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => read(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => (nextCursor === null ? undefined : String(nextCursor)),
    // All of them are read anew, lest a row be lost between two.
    refetchInterval: ({ state }) => lookEveryMs(state.data?.pages.length),
  });
  const items = pages.data?.pages.flatMap((page) => page.items) ?? [];
  return { ...pages, items, lookEveryMs: lookEveryMs(pages.data?.pages.length) };
}
