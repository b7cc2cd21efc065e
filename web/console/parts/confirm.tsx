/** Asks once more before an act: it says what will happen, and only then offers the act. */
import { Button, Group, Stack } from "@mantine/core";
import { Dialog, type DialogProps } from "./dialog.tsx";
import { ProblemNote } from "./problem.tsx";

export type Confirmed = DialogProps & {
  /** The text of the button: a verb. */
  act: string;
  onAct(): void;
  isBad?: boolean;
  isPending: boolean;
  error: Error | null;
};

export function Confirm({ title, opened, onClose, act, onAct, isBad, isPending, error, children }: Confirmed) {
  return (
    <Dialog opened={opened} onClose={onClose} title={title}>
      <Stack>
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
