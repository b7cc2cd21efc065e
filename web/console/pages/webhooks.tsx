/** The addresses that get the shop's events: made here, tried, given a new secret, and what was delivered to each. */
import { Button, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { deskApi, type Webhook } from "../desk-api.ts";
import { SideDialog } from "../parts/dialog.tsx";
import { Loading } from "../parts/loading.tsx";
import { PageHead } from "../parts/page.tsx";
import { ProblemNote } from "../parts/problem.tsx";
import { Status } from "../parts/status.tsx";
import { WebhookDetail } from "../parts/webhooks/webhook-detail.tsx";
import { NewWebhook } from "../parts/webhooks/webhook-form.tsx";
import { plural } from "../plural.ts";

export function Webhooks() {
  const webhooks = useQuery({ queryKey: ["webhooks"], queryFn: deskApi.webhooks });
  const [isAdding, setIsAdding] = useState(false);
  const [openId, setOpenId] = useState<string>();
  const [isAsking, setIsAsking] = useState(false);
  const open = webhooks.data?.find(({ webhookId }) => webhookId === openId);
  return (
    <>
      <PageHead title="Webhooks" says="Other systems that get the shop's events, signed by Standard Webhooks 1.0.">
        <Button variant="filled" onClick={() => setIsAdding(true)}>
          New webhook
        </Button>
      </PageHead>
      {webhooks.isPending && <Loading rows={4} />}
      {webhooks.isError && <ProblemNote error={webhooks.error} again={webhooks.refetch} />}
      {webhooks.data?.length === 0 && (
        <Text role="status">
          Addresses stand here, each with what was delivered to it. Make the first one with “New webhook”.
        </Text>
      )}
      {webhooks.data && webhooks.data.length > 0 && <Rows webhooks={webhooks.data} onOpen={setOpenId} />}
      {isAdding && <NewWebhook onClose={() => setIsAdding(false)} />}
      <SideDialog opened={open !== undefined} onClose={() => setOpenId(undefined)} title="Webhook" isAsking={isAsking}>
        {open && (
          <WebhookDetail
            key={open.webhookId}
            webhook={open}
            onAsk={setIsAsking}
            onRemoved={() => setOpenId(undefined)}
          />
        )}
      </SideDialog>
    </>
  );
}

function Rows({ webhooks, onOpen }: { webhooks: readonly Webhook[]; onOpen(id: string): void }) {
  return (
    <Table className="rows">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Address</Table.Th>
          <Table.Th>What it is</Table.Th>
          <Table.Th>Events</Table.Th>
          <Table.Th>State</Table.Th>
          <Table.Th>Acts</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {webhooks.map(({ webhookId, url, description, events, state, disabledReason }) => (
          <Table.Tr key={webhookId}>
            <Table.Th scope="row" className="breaks">
              {url}
            </Table.Th>
            <Table.Td data-label="What it is" className="breaks">
              {description || "–"}
            </Table.Td>
            <Table.Td data-label="Events" className="count">
              {events.length === 0 ? "All" : plural(events.length, "type", "types")}
            </Table.Td>
            <Table.Td data-label="State">
              <Status tone={state === "enabled" ? "ok" : "still"}>
                {state === "enabled" ? "Enabled" : disabledReason === "gone" ? "Gone: it answered 410" : "Disabled"}
              </Status>
            </Table.Td>
            <Table.Td data-label="Acts">
              <Button size="xs" onClick={() => onOpen(webhookId)} aria-label={`Open ${url}`}>
                Open
              </Button>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
