/** Cards that the simulated bank knows; a test holds that they do what is said of them here. */
import { say } from "../../lib/language.ts";

export const shownCards = [
  { number: "4242 4242 4242 4242", words: "testCardApproved" },
  { number: "4000 0000 0000 0010", words: "testCardDeclined" },
  { number: "4000 0000 0000 9995", words: "testCardFunds" },
  { number: "4000 0000 0000 0909", words: "testCardSlow" },
] as const;

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
