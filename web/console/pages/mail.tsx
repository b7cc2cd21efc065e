/** The mails that the shop sends to people: what became of each, and its text while it is kept. */
import { Button, Stack, Table, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { dayAndTime } from "../../lib/amounts.ts";
import { deskApi, type Mail } from "../desk-api.ts";
import { SideDialog } from "../parts/dialog.tsx";
import { ListFrame } from "../parts/list-frame.tsx";
import { MailState } from "../parts/orders/order-mails.tsx";
import { PageHead } from "../parts/page.tsx";
import { usePagesOf } from "../parts/pages-of.ts";
import { ProblemNote } from "../parts/problem.tsx";

const lookEveryMs = 5_000;

export function MailPage() {
  const pages = usePagesOf(["mails"], deskApi.mails, lookEveryMs);
  const [openSeq, setOpenSeq] = useState<number>();
  const open = pages.items.find(({ seq }) => seq === openSeq);
  return (
    <>
      <PageHead
        title="Mail"
        says="What the shop sends to people. Without a mail server each mail is kept here. Read again every 5 seconds."
      />
      <ListFrame
        pages={pages}
        empty="Mails stand here as soon as one is sent: a code to sign in or to sign up is the first kind."
      >
        <Table className="rows">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Subject</Table.Th>
              <Table.Th>To</Table.Th>
              <Table.Th>Queued</Table.Th>
              <Table.Th>State</Table.Th>
              <Table.Th>Acts</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {pages.items.map(({ seq, subject, to, queuedAt, state }) => (
              <Table.Tr key={seq}>
                <Table.Th scope="row" className="breaks">
                  {subject}
                </Table.Th>
                <Table.Td data-label="To" className="breaks">
                  {to}
                </Table.Td>
                <Table.Td data-label="Queued" className="moment">
                  {dayAndTime(queuedAt)}
                </Table.Td>
                <Table.Td data-label="State">
                  <MailState state={state} />
                </Table.Td>
                <Table.Td data-label="Acts">
                  <Button size="xs" onClick={() => setOpenSeq(seq)} aria-label={`Read mail ${seq}: ${subject}`}>
                    Read
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </ListFrame>
      <SideDialog
        opened={open !== undefined}
        onClose={() => setOpenSeq(undefined)}
        title={open?.subject ?? ""}
        isAsking={false}
      >
        {open && <OneMail key={open.seq} mail={open} />}
      </SideDialog>
    </>
  );
}

function OneMail({ mail: { seq, to, queuedAt, state, text, failure, canBeSentAgain } }: { mail: Mail }) {
  const queries = useQueryClient();
  const resending = useMutation({
    mutationFn: () => deskApi.resendMail(seq),
    onSettled: () => queries.invalidateQueries({ queryKey: ["mails"] }),
  });
  return (
    <Stack>
      <Text c="dimmed" className="breaks">
        To {to}, {dayAndTime(queuedAt)}
      </Text>
      <MailState state={state} />
      {failure && <Text className="problem breaks">{failure}</Text>}
      {text ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a long mail is scrolled by the keyboard too.
        <pre className="raw" tabIndex={0} dir="auto">
          {text}
        </pre>
      ) : (
        <Text>A mail server has taken the mail, so its text is removed: it may have held a code.</Text>
      )}
      {resending.isError && <ProblemNote error={resending.error} />}
      {canBeSentAgain && (
        <Button variant="filled" onClick={() => resending.mutate()} loading={resending.isPending}>
          Send it again
        </Button>
      )}
    </Stack>
  );
}
