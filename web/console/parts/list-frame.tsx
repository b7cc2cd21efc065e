/** What stands around a list: its loading, its refusal, the words of an empty one, and "Older" below it. */
import { Button, Group, Text } from "@mantine/core";
import { type ReactNode, useEffect, useRef } from "react";
import { Loading } from "./loading.tsx";
import type { usePagesOf } from "./pages-of.ts";
import { ProblemNote } from "./problem.tsx";

type ListFrameProps = {
  pages: Omit<ReturnType<typeof usePagesOf<unknown>>, "items"> & { items: readonly unknown[] };
  /** What will stand here, or why nothing does. */
  empty: ReactNode;
  more?: string;
  children: ReactNode;
};

export function ListFrame({ pages, empty, more = "Older", children }: ListFrameProps) {
  const end = useRef<HTMLParagraphElement>(null);
  const { hasNextPage, isFetchingNextPage } = pages;
  const isEnd = !hasNextPage && (pages.data?.pages.length ?? 0) > 1;
  // The button that had the focus is gone: the keyboard goes on from the end of the list.
  useEffect(() => {
    if (isEnd && document.activeElement === document.body) end.current?.focus({ preventScroll: true });
  }, [isEnd]);
  return (
    <>
      {pages.isPending && <Loading rows={5} />}
      {pages.error && <ProblemNote error={pages.error} again={pages.refetch} />}
      {pages.data && pages.items.length === 0 && <Text role="status">{empty}</Text>}
      {pages.items.length > 0 && children}
      {isEnd && (
        <Text mt="md" c="dimmed" tabIndex={-1} ref={end}>
          That is all.
        </Text>
      )}
      {hasNextPage && (
        <Group mt="md">
          <Button onClick={() => void pages.fetchNextPage()} loading={isFetchingNextPage}>
            {more}
          </Button>
        </Group>
      )}
    </>
  );
}
