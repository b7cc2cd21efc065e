/** Makes a draft with the same plan under another id, and opens it. */
import { Button, Text, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { dropApi } from "../../drop-api.ts";
import { Confirm } from "../confirm.tsx";
import { faultOfField } from "../field-fault.ts";
import { useDropAct } from "./drop-act.ts";

export function CopyDrop({ dropId }: { dropId: string }) {
  const navigate = useNavigate();
  const [isAsking, setIsAsking] = useState(false);
  const [copyId, setCopyId] = useState("");
  const copying = useDropAct(
    () => dropApi.copy(dropId, copyId.trim()),
    ({ dropId }) => {
      setIsAsking(false);
      void navigate({ to: "/drops/$dropId", params: { dropId } });
    },
  );
  const fault = faultOfField(copying.error, "dropId");
  return (
    <>
      <Button
        onClick={() => {
          setCopyId(`${dropId.slice(0, 60)}-2`);
          setIsAsking(true);
        }}
      >
        Copy …
      </Button>
      <Confirm
        title="Copy this drop"
        act="Make the copy"
        opened={isAsking}
        onClose={() => setIsAsking(false)}
        onAct={() => copying.mutate()}
        acting={fault ? { ...copying, error: null } : copying}
      >
        <Text>The copy is a draft with the same plan. Its times are the old ones until you change them.</Text>
        <TextInput
          label="Id of the copy"
          description="Small letters, digits, hyphens"
          data-autofocus
          required
          maxLength={63}
          autoComplete="off"
          value={copyId}
          error={fault}
          onChange={({ currentTarget }) => setCopyId(currentTarget.value)}
        />
      </Confirm>
    </>
  );
}
