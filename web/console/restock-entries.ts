/** The last entries of a person on this device, in all its tabs, so that one can be undone, also after the page is loaded again. */
import { useEffect, useState } from "react";
import { kept, onKeptElsewhere } from "../lib/kept.ts";

export type Entry = {
  /** The key under which it was entered. */
  key: string;
  productId: string;
  name: string;
  quantity: number;
  reason: string;
  /** By the clock of this device. Entries of an earlier version have none. */
  atMs?: number;
  isUndone?: boolean;
};

const shown = 10;

export function useEntries(userId: string) {
  const name = `restocks:${userId}`;
  const read = (): readonly Entry[] | undefined => kept.read<Entry[]>(name);
  const [entries, setEntries] = useState(() => read() ?? []);
  useEffect(() => onKeptElsewhere(name, () => setEntries((before) => kept.read<Entry[]>(name) ?? before)), [name]);

  function keep(next: (before: readonly Entry[]) => readonly Entry[]): void {
    setEntries((before) => {
      // Another tab may have added to them a moment ago.
      const after = next(read() ?? before).slice(0, shown);
      kept.write(name, after);
      return after;
    });
  }

  return {
    entries,
    add: (entry: Entry) => keep((before) => [entry, ...before.filter(({ key }) => key !== entry.key)]),
    change: (entry: Entry) => keep((before) => before.map((one) => (one.key === entry.key ? entry : one))),
  };
}
