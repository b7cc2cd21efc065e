/** Addresses and pages: a link changes the address without loading the document again. */
type Listener = (path: string) => void;

const listeners = new Set<Listener>();

export function onRoute(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function go(path: string): void {
  history.replaceState({ y: scrollY }, "");
  history.pushState(null, "", path);
  tellAll();
}

/** Where the page of this entry of the history was left; at its top if it is new. */
export function placeLeft(): number {
  return (history.state as { y: number } | null)?.y ?? 0;
}

function tellAll(): void {
  for (const listener of listeners) listener(location.pathname);
}

export function startRouter(): void {
  addEventListener("popstate", tellAll);
  document.addEventListener("click", (event) => {
    const link = (event.target as Element).closest<HTMLAnchorElement>("a[href^='/']:not([target],[data-load])");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}
