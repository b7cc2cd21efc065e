/** One webhook: try it, give it a new secret, disable or remove it, and its deliveries with every attempt. */
import { Button, Group, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { count, dayAndTime } from "../../lib/amounts.ts";
import { type Delivery, deskApi, type Webhook } from "../desk-api.ts";
import { Confirm } from "./confirm.tsx";
import { ListFrame } from "./list-frame.tsx";
import { usePagesOf } from "./pages-of.ts";
import { ProblemNote } from "./problem.tsx";
import { Secret } from "./secret.tsx";
import { Status, sentenceOf, type Tone } from "./status.tsx";

const lookEveryMs = 2_000;
const tones: Record<Delivery["state"], Tone> = { waiting: "info", delivered: "ok", failed: "bad" };

type WebhookDetailProps = { webhook: Webhook; onAsk(isAsking: boolean): void; onRemoved(): void };

export function WebhookDetail({ webhook, onAsk, onRemoved }: WebhookDetailProps) {
  const { webhookId, url, state } = webhook;
  const queries = useQueryClient();
  const [isRemoving, setIsRemoving] = useState(false);
  const ask = (isAsking: boolean) => {
    setIsRemoving(isAsking);
    onAsk(isAsking);
  };
  const read = (cursor: string | undefined) => deskApi.deliveries(webhookId, cursor);
  const pages = usePagesOf(["deliveries", webhookId], read, lookEveryMs);
  const onSettled = () =>
    Promise.all([["webhooks"], ["deliveries"]].map((queryKey) => queries.invalidateQueries({ queryKey })));
  const acting = useMutation({ mutationFn: (act: () => Promise<unknown>) => act(), onSettled });
  const rotating = useMutation({ mutationFn: () => deskApi.newSecret(webhookId) });
  const removing = useMutation({
    mutationFn: () => deskApi.removeWebhook(webhookId),
    onSuccess() {
      ask(false);
      onRemoved();
    },
    onSettled,
  });
  const isEnabled = state === "enabled";
  return (
    <Stack>
      <Text fw={600} className="breaks">
        {url}
      </Text>
      <Group gap="xs">
        <Button size="xs" disabled={!isEnabled} onClick={() => acting.mutate(() => deskApi.testWebhook(webhookId))}>
          Send a test
        </Button>
        <Button size="xs" onClick={() => rotating.mutate()} loading={rotating.isPending}>
          New secret
        </Button>
        <Button size="xs" onClick={() => acting.mutate(() => deskApi.enableWebhook(webhookId, !isEnabled))}>
          {isEnabled ? "Disable" : "Enable"}
        </Button>
        <Button size="xs" onClick={() => ask(true)}>
          Remove …
        </Button>
      </Group>
      {acting.isError && <ProblemNote error={acting.error} />}
      {rotating.isError && <ProblemNote error={rotating.error} />}
      {rotating.data && <Secret secret={rotating.data.secret} until={dayAndTime(rotating.data.oldSecretUntil)} />}
      <section aria-label="Deliveries">
        <h3>Deliveries</h3>
        <ListFrame pages={pages} empty="Nothing was sent yet. “Send a test” sends an event that no order caused.">
          <ol className="timeline">
            {pages.items.map((delivery) => (
              <DeliveryEntry
                key={delivery.deliveryId}
                delivery={delivery}
                onResend={() => acting.mutate(() => deskApi.resend(delivery.deliveryId))}
              />
            ))}
          </ol>
        </ListFrame>
      </section>
      <Confirm
        title="Remove this webhook"
        act="Remove it"
        isBad
        opened={isRemoving}
        onClose={() => ask(false)}
        onAct={() => removing.mutate()}
        isPending={removing.isPending}
        error={removing.error}
      >
        <Text>Its deliveries and their attempts are removed too. To stop it for a while, disable it.</Text>
      </Confirm>
    </Stack>
  );
}

function DeliveryEntry({ delivery, onResend }: { delivery: Delivery; onResend(): void }) {
  const { deliveryId, type, state, tries, nextTryAt, createdAt, attempts } = delivery;
  return (
    <li className="breaks">
      <Group justify="space-between" wrap="nowrap" align="start">
        <div>
          {type}
          <div>
            <Status tone={tones[state]}>{sentenceOf(state)}</Status>
          </div>
          <div className="when">
            {dayAndTime(createdAt)}, {count(tries)} {tries === 1 ? "attempt" : "attempts"}
            {nextTryAt && `, next at ${dayAndTime(nextTryAt)}`}
          </div>
        </div>
        <Button size="xs" onClick={onResend} aria-label={`Send again delivery ${deliveryId}`}>
          Send again
        </Button>
      </Group>
      {attempts.map(({ at, status, tookMs, answer }) => (
        <div key={at} className="when">
          {dayAndTime(at)}: {status ?? "no answer"} after {count(tookMs)} ms{answer && `, ${answer.slice(0, 200)}`}
        </div>
      ))}
    </li>
  );
}
