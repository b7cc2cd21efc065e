/** The two kinds of dialog, one in the middle and one beside the page, each with its name and a way to close it. */
import { Drawer, Modal } from "@mantine/core";
import type { ReactNode } from "react";

export type DialogProps = {
  title: string;
  opened: boolean;
  onClose(): void;
  children: ReactNode;
};

// Mantine's own heads are <header>, which a page has once.
export function Dialog({ title, opened, onClose, children }: DialogProps) {
  return (
    <Modal.Root opened={opened} onClose={onClose} centered>
      <Modal.Overlay />
      <Modal.Content radius="lg" shadow="none">
        <Modal.Body p="lg">
          <div className="dialog-head">
            <Modal.Title>{title}</Modal.Title>
            <Modal.CloseButton aria-label="Close" />
          </div>
          {children}
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

/** `isAsking`: a dialog stands before it, and takes the Escape key for itself. */
export function SideDialog({ title, opened, onClose, isAsking, children }: DialogProps & { isAsking: boolean }) {
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
