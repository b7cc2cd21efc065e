/** The button below a list that brings more of it. The first that comes takes the focus, as the button may be gone then. */
import { useRef, useState } from "preact/hooks";
import { say } from "../../lib/language.ts";

type MoreProps = {
  words: "more" | "older";
  /** What selects the links of the list. */
  links: string;
  onMore(): Promise<void>;
};

export function More({ words, links, onMore }: MoreProps) {
  const [isAsking, setAsking] = useState(false);
  /** A second click may come before the first one is drawn. */
  const isBusy = useRef(false);

  async function more() {
    if (isBusy.current) return;
    isBusy.current = true;
    setAsking(true);
    const known = document.querySelectorAll(links).length;
    await onMore();
    isBusy.current = false;
    setAsking(false);
    // Once they are drawn.
    setTimeout(() => document.querySelectorAll<HTMLElement>(links)[known]?.focus({ preventScroll: true }));
  }

  return (
    <button class="plain" type="button" aria-busy={isAsking} onClick={more}>
      {say(words)}
    </button>
  );
}
