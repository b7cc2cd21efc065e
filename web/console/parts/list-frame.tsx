/** What stands around a list: its loading, its refusal, the words of an empty one, and "Older" below it. */
import { Button, Group, Text } from "@mantine/core";
import type { ReactNode } from "react";
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
  return (
    <>
      {pages.isPending && <Loading rows={5} />}
      {pages.error && <ProblemNote error={pages.error} again={pages.refetch} />}
      {pages.data && pages.items.length === 0 && <Text role="status">{empty}</Text>}
      {pages.items.length > 0 && children}
      {pages.hasNextPage && (
        <Group mt="md">
          <Button onClick={() => void pages.fetchNextPage()} loading={pages.isFetchingNextPage}>
            {more}
          </Button>
        </Group>
      )}
    </>
  );
}
