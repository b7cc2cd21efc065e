/** Lists the parcels to pick: one's own first, then those that wait, the orders that were placed first on top. */
import { Button, Group, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { count, dayAndTime, shortCode } from "../../lib/amounts.ts";
import type { Account } from "../api.ts";
import { Loading } from "../parts/loading.tsx";
import { PageHead } from "../parts/page.tsx";
import { ProblemNote } from "../parts/problem.tsx";
import { ParcelStatus } from "../parts/warehouse/parcel-status.tsx";
import { useSession } from "../session.ts";
import { type Parcel, type ParcelState, warehouseApi } from "../warehouse-api.ts";

const lookEveryMs = 3_000;

/** One's own first; parcels that others pick are last. */
export function useParcels(account: Account | undefined) {
  return useQuery({
    queryKey: ["parcels", account?.userId],
    async queryFn() {
      const [picked, picking, toPick] = await Promise.all([
        everyOne("picked"),
        everyOne("picking"),
        warehouseApi.parcels("to_pick"),
      ]);
      const begun = [...picked, ...picking];
      const mine = begun.filter(({ assignee }) => assignee === account?.userId);
      return {
        mine,
        toPick: toPick.items,
        others: begun.filter(({ assignee }) => assignee !== account?.userId),
        hasMore: toPick.nextCursor !== null,
      };
    },
    refetchInterval: lookEveryMs,
  });
}

/** Of parcels that are begun, one's own may stand behind those of many others. */
async function everyOne(state: ParcelState): Promise<Parcel[]> {
  const items: Parcel[] = [];
  let cursor: string | undefined;
  do {
    const page = await warehouseApi.parcels(state, cursor);
    items.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return items;
}

export function Pick() {
  const account = useSession().data?.account ?? undefined;
  const parcels = useParcels(account);
  const navigate = useNavigate();
  const { mine = [], toPick = [], others = [], hasMore = false } = parcels.data ?? {};
  const next = mine[0] ?? toPick[0];
  const all = [...mine, ...toPick, ...others];
  return (
    <>
      <PageHead
        title="Pick"
        says="Parcels of paid orders. Those you have begun stand first. Read again every 3 seconds."
      >
        {next && (
          <Button
            variant="filled"
            onClick={() => void navigate({ to: "/pick/$orderId", params: { orderId: next.orderId } })}
          >
            {mine.length > 0 ? "Go on with yours" : "Pick the next one"}
          </Button>
        )}
      </PageHead>
      {parcels.isPending && <Loading rows={4} />}
      {parcels.isError && <ProblemNote error={parcels.error} again={parcels.refetch} />}
      {parcels.data && all.length === 0 && (
        <Text>
          Nothing is to be picked. A parcel stands here as soon as an order is paid. Until then you can{" "}
          <Link to="/restock">bring deliveries in</Link>.
        </Text>
      )}
      {all.length > 0 && <Rows parcels={all} />}
      {hasMore && (
        <Group mt="md">
          <Text c="dimmed">
            These are the first {count(toPick.length)} that wait. More follow when they are picked.
          </Text>
        </Group>
      )}
    </>
  );
}

function Rows({ parcels }: { parcels: readonly Parcel[] }) {
  return (
    <Table className="rows" stickyHeader>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Product</Table.Th>
          <Table.Th>Bin</Table.Th>
          <Table.Th className="figure">Units</Table.Th>
          <Table.Th>State</Table.Th>
          <Table.Th>Ordered</Table.Th>
          <Table.Th>Order</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {parcels.map((parcel) => (
          <Table.Tr key={parcel.orderId}>
            <Table.Th scope="row">
              <Link to="/pick/$orderId" params={{ orderId: parcel.orderId }} className="breaks">
                {parcel.name}
              </Link>
            </Table.Th>
            <Table.Td className="code" data-label="Bin">
              {parcel.bin ?? "–"}
            </Table.Td>
            <Table.Td className="figure" data-label="Units">
              {parcel.scanned > 0 ? `${count(parcel.scanned)} of ` : ""}
              {count(parcel.quantity)}
            </Table.Td>
            <Table.Td data-label="State">
              <ParcelStatus parcel={parcel} />
            </Table.Td>
            <Table.Td data-label="Ordered" className="moment">
              {dayAndTime(parcel.placedAt)}
            </Table.Td>
            <Table.Td className="code" data-label="Order">
              {shortCode(parcel.orderId)}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
