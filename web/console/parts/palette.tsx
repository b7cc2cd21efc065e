/** Opens a page by a part of its name, or the orders that the typed text finds: Ctrl or ⌘ and K, arrows, Enter. */
import { TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, useEffect, useState } from "react";
import { Dialog } from "./dialog.tsx";

type Place = { to: string; label: string };
type Choice = { key: string; label: string; open(): void };

export function Palette({ places }: { places: readonly Place[] }) {
  const [isOpen, setIsOpen] = useState(false);

  useEffect(() => {
    function press(event: globalThis.KeyboardEvent): void {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey)
        return;
      if (document.querySelector("[role=dialog]")) return;
      event.preventDefault();
      setIsOpen(true);
    }
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);

  return (
    <Dialog title="Go to" opened={isOpen} onClose={() => setIsOpen(false)}>
      <Choosing places={places} onDone={() => setIsOpen(false)} />
    </Dialog>
  );
}

function Choosing({ places, onDone }: { places: readonly Place[]; onDone(): void }) {
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const q = typed.trim();
  const pages = places.filter(({ label }) => label.toLowerCase().includes(q.toLowerCase()));
  const choices: Choice[] = pages.map(({ to, label }) => ({ key: to, label, open: () => void navigate({ to }) }));
  if (q !== "" && places.some(({ to }) => to === "/orders")) {
    const open = () => void navigate({ to: "/orders", search: { q } });
    choices.push({ key: "orders-of", label: `Orders of “${q}”`, open });
  }
  const chosen = choices[Math.min(at, choices.length - 1)];

  function open(choice: Choice | undefined): void {
    if (!choice) return;
    onDone();
    choice.open();
  }

  function press(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter") open(chosen);
    else if (step) setAt(Math.max(0, Math.min(choices.length - 1, at + step)));
    else return;
    event.preventDefault();
  }

  return (
    <>
      <TextInput
        label="A page, or an order, a buyer or an e-mail"
        data-autofocus
        autoComplete="off"
        maxLength={255}
        role="combobox"
        aria-expanded
        aria-controls="choices"
        {...(chosen && { "aria-activedescendant": chosen.key })}
        value={typed}
        onKeyDown={press}
        onChange={({ currentTarget }) => {
          setTyped(currentTarget.value);
          setAt(0);
        }}
      />
      <div id="choices" role="listbox" aria-label="Places" className="choices">
        {choices.map((choice) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys of the whole list.
          <div
            key={choice.key}
            id={choice.key}
            role="option"
            tabIndex={-1}
            aria-selected={choice === chosen}
            className="breaks"
            onClick={() => open(choice)}
          >
            {choice.label}
          </div>
        ))}
      </div>
    </>
  );
}
