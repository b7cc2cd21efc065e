/**
 * The field that a scanner types into. It takes the focus back whenever no other field, button or dialog has it: a
 * scanner is a keyboard, and what it types must not be lost.
 */
import { TextInput } from "@mantine/core";
import { type FormEvent, useEffect, useRef, useState } from "react";

type ScanFieldProps = {
  label: string;
  says?: string;
  /** The code, without blanks around it; empty if only Enter was pressed. */
  onCode(code: string): void;
  isHeld: boolean;
};

export function ScanField({ label, says, onCode, isHeld }: ScanFieldProps) {
  const field = useRef<HTMLInputElement>(null);
  const [code, setCode] = useState("");

  useEffect(() => {
    if (isHeld) return;
    const takeBack = () => {
      if (!document.activeElement || document.activeElement === document.body) field.current?.focus();
    };
    // After the page's heading, which takes the focus when the page opens.
    const opening = setTimeout(() => field.current?.focus(), 0);
    const takeBackLater = () => setTimeout(takeBack, 0);
    addEventListener("keydown", takeBack, { capture: true });
    addEventListener("focusout", takeBackLater);
    return () => {
      clearTimeout(opening);
      removeEventListener("keydown", takeBack, { capture: true });
      removeEventListener("focusout", takeBackLater);
    };
  }, [isHeld]);

  function submit(event: FormEvent): void {
    event.preventDefault();
    onCode(code.trim());
    setCode("");
  }

  return (
    <form onSubmit={submit}>
      <TextInput
        ref={field}
        label={label}
        description={says}
        size="lg"
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        maxLength={128}
        value={code}
        onChange={({ currentTarget }) => setCode(currentTarget.value)}
      />
    </form>
  );
}
