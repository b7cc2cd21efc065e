/** The searches that an operator has named. They are kept in this browser, for each operator apart. */
import { useEffect, useState } from "react";
import { kept, onKeptElsewhere } from "../lib/kept.ts";
import { type OrdersSearch, searchOf } from "./order-search.ts";
import { useSession } from "./session.ts";

export type KeptSearch = { name: string; search: OrdersSearch };

export function useKeptSearches() {
  const place = `console-searches ${useSession().data?.account?.userId ?? ""}`;
  const [searches, setSearches] = useState(() => read(place));

  // Another tab may have added to them.
  useEffect(() => onKeptElsewhere(place, () => setSearches(read(place))), [place]);

  function write(changed: KeptSearch[]): void {
    setSearches(changed);
    kept.write(place, changed);
  }

  return {
    kept: searches,
    /** The same name again replaces its search. */
    keep: (name: string, search: OrdersSearch) =>
      write([...searches.filter((one) => one.name !== name), { name, search }].slice(-mostKept)),
    forget: (name: string) => write(searches.filter((one) => one.name !== name)),
  };
}

const mostKept = 20;

function read(place: string): KeptSearch[] {
  const found = kept.read<unknown>(place);
  const searches = Array.isArray(found) ? (found as Partial<KeptSearch>[]) : [];
  return searches.map(({ name, search }) => ({ name: String(name), search: searchOf({ ...search }) }));
}
