/** The two kinds of dialog, one in the middle and one beside the page, each with its name and a way to close it. */
import { Drawer, Modal } from "@mantine/core";
import { type ReactNode, useEffect } from "react";

export type DialogProps = {
  title: string;
  opened: boolean;
  onClose(): void;
  /** It cannot be closed at the moment. */
  isHeld?: boolean;
  children: ReactNode;
};

// Mantine's own heads are <header>, which a page has once.
export function Dialog({ title, opened, onClose, isHeld = false, children }: DialogProps) {
  useFocusBack(opened);
  return (
    <Modal.Root opened={opened} onClose={() => isHeld || onClose()} centered>
      <Modal.Overlay />
      <Modal.Content radius="lg" shadow="none">
        <Modal.Body p="lg">
          <div className="dialog-head">
            <Modal.Title>{title}</Modal.Title>
            <Modal.CloseButton aria-label="Close" disabled={isHeld} />
          </div>
          {children}
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

/** The focus goes back when a dialog closes, but not by itself when it is taken away while it is open. */
function useFocusBack(opened: boolean): void {
  useEffect(() => {
    if (!opened) return undefined;
    const asker = document.activeElement;
    return () => {
      setTimeout(() => {
        if (asker instanceof HTMLElement && document.activeElement === document.body) asker.focus();
      }, 0);
    };
  }, [opened]);
}

type SideDialogProps = Omit<DialogProps, "isHeld"> & { isAsking: boolean };

/** `isAsking`: a dialog stands before it, and takes the Escape key for itself. */
export function SideDialog({ title, opened, onClose, isAsking, children }: SideDialogProps) {
  return (
    <Drawer.Root opened={opened} onClose={onClose} position="right" size="lg" closeOnEscape={!isAsking}>
      <Drawer.Overlay />
      <Drawer.Content>
        <Drawer.Body p="lg">
          <div className="dialog-head">
            <Drawer.Title>{title}</Drawer.Title>
            <Drawer.CloseButton aria-label="Close" />
          </div>
          {children}
        </Drawer.Body>
      </Drawer.Content>
    </Drawer.Root>
  );
}
