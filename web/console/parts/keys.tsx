/**
 * Single keys for people who work without a mouse: `g` and a letter opens a page, others move in a list. `?` lists them.
 * They can be switched off (WCAG 2.1.4): voice control and screen readers have letters of their own.
 */
import { Button, Checkbox, Text } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { kept } from "../../lib/kept.ts";
import { Dialog } from "./dialog.tsx";

type Place = { to: string; label: string; letter: string };

const keptAs = "console-keys";
const inLists = [
  ["j", "The next row"],
  ["k", "The row before"],
  ["x", "Choose the row"],
  ["Enter", "Open the row"],
  ["Esc", "Close what is open"],
  ["/", "Search"],
  ["?", "This list"],
  ["Ctrl K", "Go anywhere"],
] as const;

export function Keys({ places }: { places: readonly Place[] }) {
  const navigate = useNavigate();
  const [isOpen, setIsOpen] = useState(false);
  const [areOn, setAreOn] = useState(() => kept.read<boolean>(keptAs) ?? true);
  const isGoing = useRef(false);

  useEffect(() => {
    function press(event: KeyboardEvent): void {
      const { key } = event;
      const goes = isGoing.current;
      isGoing.current = false;
      if (!areOn || isElsewhere(event)) return;
      const place = goes ? places.find(({ letter }) => letter === key) : undefined;
      if (place) void navigate({ to: place.to });
      else if (key === "g") isGoing.current = true;
      else if (key === "?") setIsOpen(true);
      else if (key === "/") searchField()?.focus();
      else if (key === "j") moveBy(1);
      else if (key === "k") moveBy(-1);
      else if (key === "x") rowInFocus()?.querySelector<HTMLInputElement>("input[type=checkbox]")?.click();
      else return;
      event.preventDefault();
    }
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [areOn, places, navigate]);

  function switchTo(on: boolean): void {
    setAreOn(on);
    kept.write(keptAs, on);
  }

  return (
    <>
      <Button size="xs" onClick={() => setIsOpen(true)}>
        Keys
      </Button>
      <Dialog title="Keys" opened={isOpen} onClose={() => setIsOpen(false)}>
        <Checkbox
          mb="md"
          label="Use these keys"
          description="Kept in this browser"
          checked={areOn}
          onChange={({ currentTarget }) => switchTo(currentTarget.checked)}
        />
        <dl className="keys">
          {inLists.map(([key, says]) => (
            <Key key={key} keys={[key]} says={says} />
          ))}
          {places.map(({ letter, label }) => (
            <Key key={letter} keys={["g", letter]} says={label} />
          ))}
        </dl>
        <Text c="dimmed">They do nothing while you type in a field or a dialog is open.</Text>
      </Dialog>
    </>
  );
}

function Key({ keys, says }: { keys: readonly string[]; says: string }) {
  return (
    <div>
      <dt>
        {keys.map((key) => (
          <kbd key={key}>{key}</kbd>
        ))}
      </dt>
      <dd>{says}</dd>
    </div>
  );
}

/** A field, a menu and a dialog take the keys for themselves, and so does the system with Ctrl, Alt or Meta. */
function isElsewhere({ ctrlKey, altKey, metaKey, defaultPrevented }: KeyboardEvent): boolean {
  const { activeElement } = document;
  const types = activeElement?.matches(
    "input:not([type=checkbox]), textarea, select, [contenteditable], [role=option]",
  );
  return (
    Boolean(types) ||
    ctrlKey ||
    altKey ||
    metaKey ||
    defaultPrevented ||
    document.querySelector("[role=dialog]") !== null
  );
}

function searchField(): HTMLInputElement | null {
  return document.querySelector<HTMLInputElement>("main form.search input");
}

function rowInFocus(): Element | null {
  return document.activeElement?.closest("main tbody tr") ?? null;
}

/** Moves the focus to what a row opens with: its link, else its button. */
function moveBy(step: 1 | -1): void {
  const rows = [...document.querySelectorAll("main tbody tr")];
  const current = rowInFocus();
  const at = current ? rows.indexOf(current) + step : step > 0 ? 0 : rows.length - 1;
  rows[at]?.querySelector<HTMLElement>("a, button")?.focus();
}
