/** News from the payment provider that needs a person: what it means, and closing it with a reason. */
import { Button, Table, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { dayAndTime, money, shortCode } from "../../../lib/amounts.ts";
import { deskApi, type Finding } from "../../desk-api.ts";
import { sentenceOf } from "../../order-words.ts";
import { Loading } from "../loading.tsx";
import { ProblemNote } from "../problem.tsx";
import { ReasonedAct } from "../reasoned-act.tsx";

const lookEveryMs = 5_000;

/** What happened, and what to do. The other kinds of news need no act. */
const says: Partial<Record<Finding["kind"], string>> = {
  authorization_lapsed: "The hold ended before the money was taken. The order is refunded: stop the parcel.",
  voided_outside:
    "The provider said that paid money is void. Compare with its page; refund the order if the money is gone.",
  charged_back: "The bank took the money back. The order is refunded: stop the parcel if it is still here.",
  disputed: "The buyer disputes the charge at their bank. Send evidence to the provider, or refund the order.",
  captured_otherwise: "Another amount was taken by hand. Settle the difference with the buyer at the provider.",
  charged_back_after_refund: "The buyer has the money twice, from us and from their bank. Contest it at the provider.",
  not_understood: "The provider sent a status that this version does not know. Look at the payment there.",
  refund_refused:
    "The refund is asked for every minute, and the provider does not give it. Give it back there by hand.",
};

export function PaymentFindings() {
  const queries = useQueryClient();
  const findings = useQuery({ queryKey: ["findings"], queryFn: deskApi.findings, refetchInterval: lookEveryMs });
  const [closing, setClosing] = useState<Finding>();
  const close = useMutation({
    mutationFn: (reason: string) => deskApi.closeFinding(closing?.findingId ?? 0, reason),
    onSuccess: () => setClosing(undefined),
    onSettled: () =>
      Promise.all([["findings"], ["waiting"]].map((queryKey) => queries.invalidateQueries({ queryKey }))),
  });
  return (
    <section aria-label="Payments">
      <h2 className="group">Payments to look at</h2>
      {findings.isPending && <Loading rows={2} />}
      {findings.isError && <ProblemNote error={findings.error} again={findings.refetch} />}
      {findings.data?.length === 0 && (
        <Text role="status">
          No payment needs you. A dispute, a chargeback or a refund that the provider refuses will stand here.
        </Text>
      )}
      {findings.data && findings.data.length > 0 && (
        <Table className="rows">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Order</Table.Th>
              <Table.Th>Since</Table.Th>
              <Table.Th className="figure">Amount</Table.Th>
              <Table.Th>What happened</Table.Th>
              <Table.Th>Acts</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {findings.data.map((finding) => {
              const { findingId, kind, orderId, amount, currency, happenedAt } = finding;
              return (
                <Table.Tr key={findingId}>
                  <Table.Th scope="row">
                    <Link to="/orders" search={{ order: orderId }} className="code">
                      {shortCode(orderId)}
                    </Link>
                  </Table.Th>
                  <Table.Td data-label="Since" className="moment">
                    {dayAndTime(happenedAt)}
                  </Table.Td>
                  <Table.Td data-label="Amount" className="figure">
                    {money(amount, currency)}
                  </Table.Td>
                  <Table.Td data-label="What happened">
                    <div>
                      <strong>{sentenceOf(kind)}</strong>
                      <div className="aside">{says[kind]}</div>
                    </div>
                  </Table.Td>
                  <Table.Td data-label="Acts">
                    <Button
                      size="xs"
                      onClick={() => setClosing(finding)}
                      aria-label={`Close the finding about ${shortCode(orderId)}`}
                    >
                      Close …
                    </Button>
                  </Table.Td>
                </Table.Tr>
              );
            })}
          </Table.Tbody>
        </Table>
      )}
      <ReasonedAct
        key={closing?.findingId}
        title="Close this finding"
        act="Close it"
        opened={closing !== undefined}
        onClose={() => setClosing(undefined)}
        onAct={close.mutate}
        acting={close}
      >
        <Text>It leaves this list. Do what it asks for first: closing it moves no money.</Text>
      </ReasonedAct>
    </section>
  );
}
