/** Open orders that wait longer than their saga needs: settle one now, or end one that is not paid. */
import { Button, Group, Table, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { dayAndTime, money, shortCode } from "../../../lib/amounts.ts";
import { deskApi, type Saga } from "../../desk-api.ts";
import { sentenceOf, stateWord } from "../../order-words.ts";
import { ListFrame } from "../list-frame.tsx";
import { usePagesOf } from "../pages-of.ts";
import { ProblemNote } from "../problem.tsx";
import { ReasonedAct } from "../reasoned-act.tsx";
import { Status } from "../status.tsx";

const lookEveryMs = 5_000;
const kinds: Record<Saga["kind"], string> = {
  overdue: "Open past its deadline",
  undecided: "The provider has not decided",
};

export function StuckSagas() {
  const pages = usePagesOf(["sagas"], deskApi.sagas, lookEveryMs);
  const queries = useQueryClient();
  const [ending, setEnding] = useState<Saga>();
  const onSettled = () =>
    Promise.all([["sagas"], ["waiting"], ["orders"]].map((queryKey) => queries.invalidateQueries({ queryKey })));
  const retrying = useMutation({ mutationFn: ({ orderId }: Saga) => deskApi.retry(orderId), onSettled });
  const end = useMutation({
    mutationFn: (reason: string) => deskApi.end(ending?.orderId ?? "", reason),
    onSuccess: () => setEnding(undefined),
    onSettled,
  });
  // If the answer alone was lost, the order is settled and gone.
  const isHere = (saga: Saga) => pages.items.some(({ orderId }) => orderId === saga.orderId);
  return (
    <section aria-label="Stuck orders">
      <h2 className="group">Stuck orders</h2>
      {retrying.isError && isHere(retrying.variables) && <ProblemNote error={retrying.error} />}
      {retrying.data && (
        <Text role="status">
          Done: the order is {stateWord(retrying.data.status, settled(retrying.variables, retrying.data)).toLowerCase()}
          .
        </Text>
      )}
      <ListFrame
        pages={pages}
        more="More"
        empty="No order waits too long. One that is open 30 seconds after its deadline will stand here."
      >
        <Table className="rows">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Order</Table.Th>
              <Table.Th>What it waits for</Table.Th>
              <Table.Th>Deadline</Table.Th>
              <Table.Th className="figure">Total</Table.Th>
              <Table.Th>Payment</Table.Th>
              <Table.Th>Acts</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {pages.items.map((saga) => (
              <Table.Tr key={saga.orderId}>
                <Table.Th scope="row">
                  <Link to="/orders" search={{ order: saga.orderId }} className="code">
                    {shortCode(saga.orderId)}
                  </Link>
                </Table.Th>
                <Table.Td data-label="What it waits for">
                  <Status tone="warn">{kinds[saga.kind]}</Status>
                </Table.Td>
                <Table.Td data-label="Deadline" className="moment">
                  {dayAndTime(saga.payBy)}
                </Table.Td>
                <Table.Td data-label="Total" className="figure">
                  {money(saga.total, saga.currency)}
                </Table.Td>
                <Table.Td data-label="Payment">{saga.total ? sentenceOf(saga.payment) : "It costs nothing"}</Table.Td>
                <Table.Td data-label="Acts">
                  <Group gap="xs" wrap="nowrap">
                    <Button
                      size="xs"
                      aria-label={`Retry ${shortCode(saga.orderId)}`}
                      onClick={() => retrying.mutate(saga)}
                      loading={retrying.isPending && retrying.variables === saga}
                    >
                      Retry
                    </Button>
                    {saga.mayEnd && (
                      <Button size="xs" aria-label={`End ${shortCode(saga.orderId)}`} onClick={() => setEnding(saga)}>
                        End …
                      </Button>
                    )}
                  </Group>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </ListFrame>
      <ReasonedAct
        key={ending?.orderId}
        title="End this order"
        act="End the order"
        opened={ending !== undefined}
        onClose={() => setEnding(undefined)}
        onAct={end.mutate}
        isBad
        acting={end}
      >
        <Text>The order fails, its units go back on sale, and nothing is charged. This cannot be undone.</Text>
      </ReasonedAct>
    </section>
  );
}

function settled({ total, currency }: Saga, { status }: { status: string }) {
  return { total, currency, status };
}
