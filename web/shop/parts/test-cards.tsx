/** Cards to try the shop with: a tap fills the number in. */
import { say } from "../../lib/language.ts";
import { shownCards } from "./shown-cards.ts";

export function TestCards({ onPick }: { onPick(number: string): void }) {
  return (
    <details class="test-cards">
      <summary>{say("testCards")}</summary>
      <ul>
        {shownCards.map(({ number, words }) => (
          <li key={number}>
            <button type="button" class="plain" onClick={() => onPick(number)}>
              <bdi dir="ltr">{number}</bdi>
            </button>{" "}
            {say(words)}
          </li>
        ))}
      </ul>
    </details>
  );
}
