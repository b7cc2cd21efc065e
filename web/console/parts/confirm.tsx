/** Asks once more before an act: it says what will happen, and only then offers the act. */
import { Button, Group, Stack } from "@mantine/core";
import { useRef } from "react";
import { Dialog, type DialogProps } from "./dialog.tsx";
import { useFaultFocus } from "./fault-focus.ts";
import { ProblemNote } from "./problem.tsx";

export type Confirmed = DialogProps & {
  /** The text of the button: a verb. */
  act: string;
  onAct(): void;
  isBad?: boolean;
  isPending: boolean;
  error: Error | null;
  /** Another value for each attempt that a field stops. */
  fault?: unknown;
};

export function Confirm({ title, opened, onClose, act, onAct, isBad, isPending, error, fault, children }: Confirmed) {
  const fields = useRef<HTMLDivElement>(null);
  useFaultFocus(fields, fault);
  return (
    <Dialog opened={opened} onClose={onClose} title={title}>
      <Stack ref={fields}>
        {children}
        {error && <ProblemNote error={error} />}
        <Group justify="end">
          {/* The focus begins in the first field, or, where there is none, at what does nothing. */}
          <Button onClick={onClose} data-autofocus>
            Leave it
          </Button>
          <Button variant="filled" {...(isBad && { color: "bad" })} onClick={onAct} loading={isPending}>
            {act}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
