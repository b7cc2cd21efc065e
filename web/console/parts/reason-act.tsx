/** Asks for a reason before an act that the audit keeps with it. */
import { Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { Confirm } from "./confirm.tsx";

type ReasonActProps = {
  title: string;
  says: string;
  act: string;
  opened: boolean;
  onClose(): void;
  onAct(reason: string): void;
  isPending: boolean;
  error: Error | null;
};

export function ReasonAct({ title, says, act, opened, onClose, onAct, isPending, error }: ReasonActProps) {
  const [reason, setReason] = useState("");
  const [fault, setFault] = useState<string>();

  function submit(): void {
    const isGiven = reason.trim() !== "";
    setFault(isGiven ? undefined : "Type a reason: the audit keeps it");
    if (isGiven) onAct(reason.trim());
  }

  return (
    <Confirm
      title={title}
      opened={opened}
      onClose={onClose}
      act={act}
      onAct={submit}
      isBad
      isPending={isPending}
      error={error}
    >
      <Text>{says}</Text>
      <TextInput
        label="Reason"
        data-autofocus
        required
        maxLength={500}
        autoComplete="off"
        value={reason}
        error={fault}
        onChange={({ currentTarget }) => setReason(currentTarget.value)}
      />
    </Confirm>
  );
}
