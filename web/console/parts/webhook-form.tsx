/** The address of a webhook, what it is, and which events it gets: for a new one, and for a change. */
import { Checkbox, Stack, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { deskApi, type Webhook } from "../desk-api.ts";
import { eventTypes } from "../event-types.ts";
import { Confirm } from "./confirm.tsx";
import { Secret } from "./secret.tsx";

type Typed = Pick<Webhook, "url" | "description" | "events">;

const nothing: Typed = { url: "", description: "", events: [] };

export function NewWebhook({ onClose }: { onClose(): void }) {
  const queries = useQueryClient();
  const [typed, setTyped] = useState(nothing);
  const adding = useMutation({
    mutationFn: () => deskApi.addWebhook(trimmed(typed)),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["webhooks"] }),
  });
  return (
    <Confirm
      title="New webhook"
      opened
      onClose={onClose}
      act={adding.data ? "Done" : "Make the webhook"}
      onAct={() => (adding.data ? onClose() : adding.mutate())}
      isPending={adding.isPending}
      error={adding.error}
    >
      {adding.data ? <Secret secret={adding.data.secret} /> : <Fields typed={typed} onChange={setTyped} />}
    </Confirm>
  );
}

export function ChangeWebhook({ webhook, onClose }: { webhook: Webhook; onClose(): void }) {
  const queries = useQueryClient();
  const [typed, setTyped] = useState<Typed>(webhook);
  const changing = useMutation({
    mutationFn: () => deskApi.changeWebhook(webhook.webhookId, trimmed(typed)),
    onSuccess: onClose,
    onSettled: () => queries.invalidateQueries({ queryKey: ["webhooks"] }),
  });
  return (
    <Confirm
      title="Change this webhook"
      opened
      onClose={onClose}
      act="Save the change"
      onAct={() => changing.mutate()}
      isPending={changing.isPending}
      error={changing.error}
    >
      <Fields typed={typed} onChange={setTyped} />
    </Confirm>
  );
}

function Fields({ typed, onChange }: { typed: Typed; onChange(typed: Typed): void }) {
  return (
    <Stack gap="sm">
      <TextInput
        label="Address"
        description="Public, beginning with https://"
        data-autofocus
        required
        type="url"
        maxLength={2_000}
        autoComplete="off"
        value={typed.url}
        onChange={({ currentTarget }) => onChange({ ...typed, url: currentTarget.value })}
      />
      <TextInput
        label="What it is"
        maxLength={200}
        autoComplete="off"
        value={typed.description}
        onChange={({ currentTarget }) => onChange({ ...typed, description: currentTarget.value })}
      />
      <Checkbox.Group
        label="Events"
        description="With none chosen it gets every event from now on"
        value={typed.events}
        onChange={(events) => onChange({ ...typed, events })}
      >
        <div className="event-types">
          {eventTypes.map((type) => (
            <Checkbox key={type} value={type} label={type.replace("dropgate.", "")} />
          ))}
        </div>
      </Checkbox.Group>
    </Stack>
  );
}

function trimmed({ url, description, events }: Typed): Typed {
  return { url: url.trim(), description: description.trim(), events };
}
