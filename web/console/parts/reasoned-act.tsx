/** Asks for the reason of an act, and, if it ends a sale that is under way, for the name of the drop. */
import { TextInput } from "@mantine/core";
import { type ReactNode, useEffect, useState } from "react";
import { Confirm, type Confirmed } from "./confirm.tsx";

type ReasonedActProps = {
  title: string;
  act: string;
  opened: boolean;
  onClose(): void;
  onAct(reason: string): void;
  /** The name that has to be typed first. */
  nameToType?: string | undefined;
  /** Names the readers of the reason. */
  says?: string;
  isBad?: boolean;
  acting: Confirmed["acting"];
  children: ReactNode;
};

const ofTheAudit = "The audit keeps it with your name";

export function ReasonedAct(props: ReasonedActProps) {
  const { onAct, nameToType, says = ofTheAudit, isBad = false, ...rest } = props;
  const { opened } = rest;
  const [reason, setReason] = useState("");
  const [name, setName] = useState("");
  /** How often the act was asked for. */
  const [tries, setTries] = useState(0);
  const isNamed = nameToType === undefined || name.trim() === nameToType.trim();
  const isReasoned = reason.trim() !== "";

  // The reason of the act before is none of this one.
  useEffect(() => {
    if (!opened) return;
    for (const forget of [setReason, setName]) forget("");
    setTries(0);
  }, [opened]);

  function act(): void {
    setTries(tries + 1);
    if (isNamed && isReasoned) onAct(reason.trim());
  }

  return (
    <Confirm {...rest} isBad={isBad} onAct={act} fault={tries}>
      {rest.children}
      <TextInput
        label="Reason"
        description={says}
        data-autofocus
        required
        maxLength={500}
        autoComplete="off"
        value={reason}
        error={tries > 0 && !isReasoned && "Type a reason"}
        onChange={({ currentTarget }) => setReason(currentTarget.value)}
      />
      {nameToType !== undefined && (
        <TextInput
          label={`Type “${nameToType}”`}
          description="It is on sale at this moment"
          required
          autoComplete="off"
          value={name}
          error={tries > 0 && !isNamed && "This is not its name"}
          onChange={({ currentTarget }) => setName(currentTarget.value)}
        />
      )}
    </Confirm>
  );
}
