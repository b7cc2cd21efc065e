/** What happened to an order, oldest first. */
import { dayAndTime, timeOfDay } from "../../lib/amounts.ts";
import type { Order } from "../../lib/api.ts";
import { say } from "../../lib/language.ts";
import { keyOfState } from "../../lib/order-state.ts";
import { en } from "../../lib/strings/en.ts";
import type { Tone } from "./notice.tsx";

const tones: Record<string, Tone> = {
  CONFIRMED: "ok",
  FAILED: "bad",
  CANCELLED: "still",
  REFUNDED: "still",
  PAYMENT_DECLINED: "bad",
};

export function toneOfStatus(status: string): Tone {
  return tones[status] ?? "now";
}

type State = Extract<Parameters<typeof say>[0], `state_${string}` | `free_${string}`>;

/** Of the order, or of an entry of its timeline. */
export function sayStatus(order: Order, status: string = order.status): string {
  return say((keyOfState(en, status, order) ?? "state_other") as State);
}

/** An entry of a later day names its day: a refund may come weeks after the payment. */
function timeOfEntry(at: string, placedAt: string): string {
  const isSameDay = new Date(at).toDateString() === new Date(placedAt).toDateString();
  return isSameDay ? timeOfDay(at) : dayAndTime(at);
}

/** "Now" is the latest entry alone. */
function toneOfEntry(status: string, isLatest: boolean): Tone {
  return tones[status] ?? (isLatest ? "now" : "still");
}

export function Timeline({ order }: { order: Order }) {
  return (
    <section class="timeline" aria-labelledby="history">
      <h2 id="history">{say("history")}</h2>
      <ol>
        {order.timeline.map((entry, i) => (
          <li key={`${i}-${entry.status}`} class={toneOfEntry(entry.status, i === order.timeline.length - 1)}>
            <span class="dot" aria-hidden="true" />
            <span>{sayStatus(order, entry.status)}</span>
            <time dateTime={entry.at}>{timeOfEntry(entry.at, order.placedAt)}</time>
          </li>
        ))}
      </ol>
    </section>
  );
}
