/** One webhook: try it, give it a new secret, disable or remove it, and its deliveries with every attempt. */
import { Button, Group, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { count, exactTime } from "../../../lib/amounts.ts";
import { type Delivery, deskApi, type Webhook } from "../../desk-api.ts";
import { sentenceOf } from "../../order-words.ts";
import { plural } from "../../plural.ts";
import { shortened } from "../../shortened.ts";
import { Confirm } from "../confirm.tsx";
import { ListFrame } from "../list-frame.tsx";
import { usePagesOf } from "../pages-of.ts";
import { ProblemNote } from "../problem.tsx";
import { Status, type Tone } from "../status.tsx";
import { Secret } from "./secret.tsx";
import { ChangeWebhook } from "./webhook-form.tsx";

const lookEveryMs = 2_000;
const tones: Record<Delivery["state"], Tone> = { waiting: "info", delivered: "ok", failed: "bad" };

type WebhookDetailProps = { webhook: Webhook; onAsk(isAsking: boolean): void; onRemoved(): void };

export function WebhookDetail({ webhook, onAsk, onRemoved }: WebhookDetailProps) {
  const { webhookId, url, state, events } = webhook;
  const isEnabled = state === "enabled";
  const queries = useQueryClient();
  const [asking, setAsking] = useState<"change" | "remove">();
  const ask = (about: typeof asking) => {
    setAsking(about);
    onAsk(about !== undefined);
  };
  const read = (cursor: string | undefined) => deskApi.deliveries(webhookId, cursor);
  const pages = usePagesOf(["deliveries", webhookId], read, lookEveryMs);
  const onSettled = () =>
    Promise.all([["webhooks"], ["deliveries"]].map((queryKey) => queries.invalidateQueries({ queryKey })));
  const testing = useMutation({ mutationFn: () => deskApi.testWebhook(webhookId), onSettled });
  const switching = useMutation({
    mutationFn: () => deskApi.changeWebhook(webhookId, { enabled: !isEnabled }),
    onSettled,
  });
  const rotating = useMutation({ mutationFn: () => deskApi.newSecret(webhookId) });
  const removing = useMutation({
    mutationFn: () => deskApi.removeWebhook(webhookId),
    onSuccess() {
      ask(undefined);
      onRemoved();
    },
    onSettled,
  });
  return (
    <Stack>
      <div>
        <Text fw={600} className="breaks">
          {url}
        </Text>
        <Text c="dimmed" className="breaks">
          {events.length === 0 ? "It gets every event." : `It gets: ${events.join(", ")}.`}
        </Text>
      </div>
      <Group gap="xs">
        <Button size="xs" disabled={!isEnabled} onClick={() => testing.mutate()} loading={testing.isPending}>
          Send a test
        </Button>
        <Button size="xs" onClick={() => rotating.mutate()} loading={rotating.isPending}>
          New secret
        </Button>
        <Button size="xs" onClick={() => switching.mutate()} loading={switching.isPending}>
          {isEnabled ? "Disable" : "Enable"}
        </Button>
        <Button size="xs" onClick={() => ask("change")}>
          Change …
        </Button>
        <Button size="xs" onClick={() => ask("remove")}>
          Remove …
        </Button>
      </Group>
      {testing.isError && <ProblemNote error={testing.error} />}
      {switching.isError && <ProblemNote error={switching.error} />}
      {rotating.isError && <ProblemNote error={rotating.error} />}
      {rotating.data && <Secret secret={rotating.data.secret} until={exactTime(rotating.data.oldSecretUntil)} />}
      <section aria-label="Deliveries">
        <h3>Deliveries</h3>
        <ListFrame pages={pages} empty="Nothing was sent yet. “Send a test” sends an event that no order caused.">
          <ol className="timeline">
            {pages.items.map((delivery) => (
              <DeliveryEntry key={delivery.deliveryId} delivery={delivery} onResent={onSettled} />
            ))}
          </ol>
        </ListFrame>
      </section>
      {asking === "change" && <ChangeWebhook webhook={webhook} onClose={() => ask(undefined)} />}
      <Confirm
        title="Remove this webhook"
        act="Remove it"
        isBad
        opened={asking === "remove"}
        onClose={() => ask(undefined)}
        onAct={() => removing.mutate()}
        acting={removing}
      >
        <Text>Its deliveries and their attempts are removed too. To stop it for a while, disable it.</Text>
      </Confirm>
    </Stack>
  );
}

function DeliveryEntry({ delivery, onResent }: { delivery: Delivery; onResent(): Promise<unknown> }) {
  const { deliveryId, type, state, nextTryAt, createdAt, attempts } = delivery;
  const resending = useMutation({ mutationFn: () => deskApi.resend(deliveryId), onSettled: onResent });
  return (
    <li>
      <Group justify="space-between" wrap="nowrap" align="start">
        <div>
          {type}
          <div>
            <Status tone={tones[state]}>{sentenceOf(state)}</Status>
          </div>
          <div className="when">
            {exactTime(createdAt)}, {plural(attempts.length, "attempt", "attempts")}
            {nextTryAt && `, next at ${exactTime(nextTryAt)}`}
          </div>
        </div>
        <Button
          size="xs"
          onClick={() => resending.mutate()}
          loading={resending.isPending}
          aria-label={`Send again delivery ${deliveryId}`}
        >
          Send again
        </Button>
      </Group>
      {resending.isError && <ProblemNote error={resending.error} />}
      {attempts.map(({ at, status, tookMs, answer }) => (
        <div key={at} className="when">
          {exactTime(at)}: {status === undefined ? "no answer" : `answer ${status}`} after {count(tookMs)} ms
          {answer && `: ${shortened(answer, 200)}`}
        </div>
      ))}
    </li>
  );
}
