/** Reads a list page by page: what was read so far, and how to go on. `everyMs` false: it is read again when asked. */
import { useInfiniteQuery } from "@tanstack/react-query";

export function usePagesOf<Item>(
  key: readonly unknown[],
  read: (cursor: string | undefined) => Promise<{ items: Item[]; nextCursor: string | number | null }>,
  everyMs: number | false = false,
) {
  const pages = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => read(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => (nextCursor === null ? undefined : String(nextCursor)),
    refetchInterval: everyMs,
  });
  return { ...pages, items: pages.data?.pages.flatMap(({ items }) => items) ?? [] };
}
