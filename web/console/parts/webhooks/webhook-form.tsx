/** The address of a webhook, what it is, and which events it gets: for a new one, and for a change. */
import { Checkbox, Stack, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { Refused } from "../../ask.ts";
import { deskApi, type Webhook } from "../../desk-api.ts";
import { eventTypes } from "../../event-types.ts";
import { Confirm } from "../confirm.tsx";
import { isAtFields, useFaultFocus } from "../fault-focus.ts";
import { faultOfField } from "../field-fault.ts";
import { Secret } from "./secret.tsx";

type Typed = Pick<Webhook, "url" | "description" | "events">;

const says = {
  url: "Type an address that begins with https://",
  description: "Type it on one line",
};

const nothing: Typed = { url: "", description: "", events: [] };

export function NewWebhook({ onClose }: { onClose(): void }) {
  const queries = useQueryClient();
  const [typed, setTyped] = useState(nothing);
  const addOnce = useAddWebhookOnce();
  const adding = useMutation({
    mutationFn: () => addOnce(trimmed(typed)),
    // Also if its answer was lost: then the list shows whether it was made.
    onSettled: () => queries.invalidateQueries({ queryKey: ["webhooks"] }),
  });
  return (
    <Confirm
      title="New webhook"
      opened
      onClose={onClose}
      act={adding.data ? "Done" : "Make the webhook"}
      onAct={() => (adding.data ? onClose() : adding.mutate())}
      isDone={adding.isSuccess}
      acting={isAtField(adding.error) ? { ...adding, error: null } : adding}
    >
      {adding.data ? (
        <Secret secret={adding.data.secret} />
      ) : (
        <Fields typed={typed} onChange={setTyped} error={adding.error} />
      )}
    </Confirm>
  );
}

/**
 * A second attempt after a lost answer finds what the first one made. No person has seen the secret of that one, so it
 * gets a new one.
 */
function useAddWebhookOnce(): (wanted: Typed) => Promise<{ secret: string }> {
  const before = useRef<readonly string[]>(undefined);
  return async (wanted) => {
    const known = await deskApi.webhooks();
    before.current ??= known.map(({ webhookId }) => webhookId);
    const made = known.find(({ webhookId, url }) => url === wanted.url && !before.current?.includes(webhookId));
    if (!made) return deskApi.addWebhook(wanted);
    await deskApi.changeWebhook(made.webhookId, wanted);
    return deskApi.newSecret(made.webhookId);
  };
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
      acting={isAtField(changing.error) ? { ...changing, error: null } : changing}
    >
      <Fields typed={typed} onChange={setTyped} error={changing.error} />
    </Confirm>
  );
}

type FieldsProps = {
  typed: Typed;
  onChange(typed: Typed): void;
  /** The answer to the last attempt to save them. */
  error: Error | null;
};

function Fields({ typed, onChange, error }: FieldsProps) {
  const fields = useRef<HTMLDivElement>(null);
  useFaultFocus(fields, error);
  return (
    <Stack gap="sm" ref={fields}>
      <TextInput
        label="Address"
        description="Public, beginning with https://"
        data-autofocus
        required
        type="url"
        maxLength={2_000}
        autoComplete="off"
        value={typed.url}
        error={isRefusedAddress(error) ? `${error.title}: ${error.detail}` : faultOfField(error, "url", says)}
        onChange={({ currentTarget }) => onChange({ ...typed, url: currentTarget.value })}
      />
      <TextInput
        label="What it is"
        maxLength={200}
        autoComplete="off"
        value={typed.description}
        error={faultOfField(error, "description", says)}
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

function isAtField(error: Error | null): boolean {
  return isAtFields(error) || isRefusedAddress(error);
}

function isRefusedAddress(error: Error | null): error is Refused {
  return error instanceof Refused && error.code === "address_refused";
}

function trimmed({ url, description, events }: Typed): Typed {
  return { url: url.trim(), description: description.trim(), events };
}
