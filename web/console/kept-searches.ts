/** The searches that an operator has named. They are kept in this browser, for each operator apart. */
import { useEffect, useState } from "react";
import { type OrdersSearch, searchOf } from "./order-search.ts";
import { useSession } from "./session.ts";

export type KeptSearch = { name: string; search: OrdersSearch };

export function useKeptSearches() {
  const key = `console-searches ${useSession().data?.account?.userId ?? ""}`;
  const [kept, setKept] = useState(() => read(key));

  // Another tab may have added to them.
  useEffect(() => {
    const heard = ({ key: changed }: StorageEvent) => changed === key && setKept(read(key));
    addEventListener("storage", heard);
    return () => removeEventListener("storage", heard);
  }, [key]);

  function write(searches: KeptSearch[]): void {
    setKept(searches);
    try {
      localStorage.setItem(key, JSON.stringify(searches));
    } catch {
      // A browser may forbid it: then they last as long as the page.
    }
  }

  return {
    kept,
    /** The same name again replaces its search. */
    keep: (name: string, search: OrdersSearch) =>
      write([...kept.filter((one) => one.name !== name), { name, search }].slice(-mostKept)),
    forget: (name: string) => write(kept.filter((one) => one.name !== name)),
  };
}

const mostKept = 20;

function read(key: string): KeptSearch[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(key) ?? "[]");
    const searches = Array.isArray(found) ? (found as Partial<KeptSearch>[]) : [];
    return searches.map(({ name, search }) => ({ name: String(name), search: searchOf({ ...search }) }));
  } catch {
    return [];
  }
}
