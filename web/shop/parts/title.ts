/** Names the page in the browser's tab. */
import { useEffect } from "preact/hooks";

/** The name follows the language of the page. Undefined: it is not known yet. */
export function useTitle(name: string | undefined): void {
  useEffect(() => {
    if (name !== undefined) document.title = `${name} · Dropgate`;
  }, [name]);
}
