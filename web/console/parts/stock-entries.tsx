/** What people brought in and took out of a product's stock: when, who, how many, and why. Newest first. */
import { Button, Group, Table, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { count, dayAndTime } from "../../lib/amounts.ts";
import { api } from "../api.ts";
import { Loading } from "./loading.tsx";
import { ProblemNote } from "./problem.tsx";
import { sentenceOf } from "./status.tsx";

export function StockEntries({ productId }: { productId: string }) {
  const pages = useInfiniteQuery({
    queryKey: ["stock", productId, "entries"],
    queryFn: ({ pageParam }) => api.entries(productId, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  });
  const entries = pages.data?.pages.flatMap((page) => page.items) ?? [];
  if (pages.isPending) return <Loading rows={3} />;
  if (pages.isError) return <ProblemNote error={pages.error} again={pages.refetch} />;
  if (entries.length === 0) {
    return <Text>Deliveries and corrections stand here, each with its reason. Bring in the first units above.</Text>;
  }
  return (
    <>
      <Table.ScrollContainer minWidth={0} type="native">
        <Table className="rows">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>When</Table.Th>
              <Table.Th className="figure">Units</Table.Th>
              <Table.Th>Reason</Table.Th>
              <Table.Th>Entry</Table.Th>
              <Table.Th>By</Table.Th>
              <Table.Th>Reference</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {entries.map(({ at, actor, kind, delta, reason, ref }) => (
              <Table.Tr key={ref}>
                <Table.Th scope="row">{dayAndTime(at)}</Table.Th>
                <Table.Td className="figure" data-label="Units">
                  {delta > 0 ? `+${count(delta)}` : count(delta).replace("-", "\u2212")}
                </Table.Td>
                <Table.Td data-label="Reason" className="breaks">
                  {reason}
                </Table.Td>
                <Table.Td data-label="Entry">{kind ? sentenceOf(kind) : "Not known"}</Table.Td>
                <Table.Td data-label="By" className="breaks">
                  {actor}
                </Table.Td>
                <Table.Td data-label="Reference" className="breaks">
                  {ref}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {pages.hasNextPage && (
        <Group mt="md">
          <Button onClick={() => void pages.fetchNextPage()} loading={pages.isFetchingNextPage}>
            Older
          </Button>
        </Group>
      )}
    </>
  );
}
