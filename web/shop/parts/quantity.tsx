/** How many: as many radios as one person may buy, up to six. */
import { count } from "../../lib/amounts.ts";
import { say } from "../../lib/language.ts";

type Props = { limit: number | null; value: number; onChange(value: number): void };

const most = 6;
const usual = 4;

export function Quantity({ limit, value, onChange }: Props) {
  const choices = Array.from({ length: Math.min(limit ?? usual, most) }, (_, i) => i + 1);
  if (choices.length === 1) return null;
  return (
    <fieldset class="chips">
      <legend>{say("quantity")}</legend>
      {choices.map((one) => (
        <label key={one}>
          <input type="radio" name="quantity" checked={one === value} onChange={() => onChange(one)} />
          <span>{count(one)}</span>
        </label>
      ))}
    </fieldset>
  );
}
