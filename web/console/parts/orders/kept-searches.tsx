/** Named searches: each is a link, and the one that stands in the address can be given a name. */
import { Button, CloseButton, Group, TextInput } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { useKeptSearches } from "../../kept-searches.ts";
import type { OrdersSearch } from "../../order-search.ts";

export function KeptSearches({ search }: { search: OrdersSearch }) {
  const { kept, keep, forget } = useKeptSearches();
  const [name, setName] = useState<string>();
  const opener = useRef<HTMLButtonElement>(null);
  const links = useRef<HTMLDivElement>(null);
  const isFocusLost = useRef(false);
  const isFiltered = Object.keys(search).length > 0;

  // The field or button that had the focus is gone: the keyboard goes on from what is there in its place.
  useEffect(() => {
    if (!isFocusLost.current) return;
    isFocusLost.current = false;
    const link = links.current?.querySelector("a");
    (opener.current ?? link ?? document.querySelector<HTMLElement>("form.search input"))?.focus();
  });

  function close(): void {
    isFocusLost.current = true;
    setName(undefined);
  }

  function submit(event: FormEvent): void {
    event.preventDefault();
    if (name?.trim()) keep(name.trim(), search);
    close();
  }

  if (kept.length === 0 && !isFiltered) return null;
  return (
    <Group gap="sm" mb="md" align="end" role="group" aria-label="Kept searches" ref={links}>
      {kept.map((one) => (
        <span key={one.name} className="kept">
          <Link to="/orders" search={one.search} className="breaks">
            {one.name}
          </Link>
          <CloseButton
            size="sm"
            aria-label={`Forget the search ${one.name}`}
            onClick={() => {
              isFocusLost.current = true;
              forget(one.name);
            }}
          />
        </span>
      ))}
      {isFiltered && name === undefined && (
        <Button ref={opener} variant="subtle" size="compact-md" onClick={() => setName("")}>
          Keep this search …
        </Button>
      )}
      {name !== undefined && (
        <form
          onSubmit={submit}
          className="kept-name"
          onKeyDown={(event) => {
            if (event.key === "Escape") close();
          }}
        >
          <TextInput
            label="Name of the search"
            autoComplete="off"
            autoFocus
            maxLength={60}
            value={name}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
          <Button type="submit">Keep it</Button>
        </form>
      )}
    </Group>
  );
}
