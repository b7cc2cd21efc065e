/**
 * Asks once more before an act: it says what will happen, and only then offers the act. It stays until the act is answered:
 * to leave it would not stop the act. Opened again, it shows nothing of the attempt before.
 */
import { Button, Group, Stack } from "@mantine/core";
import { useRef } from "react";
import { Dialog, type DialogProps } from "./dialog.tsx";
import { useFaultFocus } from "./fault-focus.ts";
import { ProblemNote } from "./problem.tsx";

export type Confirmed = Omit<DialogProps, "isHeld"> & {
  /** The text of the button: a verb. */
  act: string;
  onAct(): void;
  isBad?: boolean;
  acting: { isPending: boolean; error: Error | null; reset(): void };
  /** The act is done, and the button alone closes the dialog. */
  isDone?: boolean;
  /** Another value for each attempt that a field stops. */
  fault?: unknown;
};

export function Confirm({
  title,
  opened,
  onClose,
  act,
  onAct,
  isBad,
  acting,
  isDone = false,
  fault,
  children,
}: Confirmed) {
  const { isPending, error, reset } = acting;
  const fields = useRef<HTMLDivElement>(null);
  useFaultFocus(fields, fault);

  function leave(): void {
    onClose();
    reset();
  }

  return (
    <Dialog opened={opened} onClose={leave} title={title} isHeld={isPending}>
      <Stack ref={fields}>
        {children}
        {error && <ProblemNote error={error} />}
        <Group justify="end">
          {/* The focus begins in the first field, or, where there is none, at what does nothing. */}
          {!isDone && (
            <Button onClick={leave} disabled={isPending} data-autofocus>
              Leave it
            </Button>
          )}
          <Button variant="filled" {...(isBad && { color: "bad" })} onClick={onAct} loading={isPending}>
            {act}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
