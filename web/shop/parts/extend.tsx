/** More time to pay, once: offered when little is left, and told politely to those who do not see it. */
import { useEffect, useRef, useState } from "preact/hooks";
import { duration } from "../../lib/amounts.ts";
import { api, type Order, type Problem } from "../../lib/api.ts";
import { say } from "../../lib/language.ts";
import { useLeftMs } from "./countdown.tsx";
import { ProblemNotice } from "./notice.tsx";

const offeredAtMs = 2 * 60_000;

export function Extend({ order, onOrder }: { order: Order; onOrder(order: Order): void }) {
  const leftMs = useLeftMs(Date.parse(order.payBy));
  const [isAsking, setAsking] = useState(false);
  const [added, setAdded] = useState<number>();
  const [problem, setProblem] = useState<Problem>();
  const status = useRef<HTMLParagraphElement>(null);
  const { extendable } = order;
  const isOffered = extendable !== undefined && leftMs > 0 && leftMs <= offeredAtMs;

  // The button that had the focus is gone.
  useEffect(() => {
    if (added !== undefined) status.current?.focus({ preventScroll: true });
  }, [added]);

  async function extend() {
    if (isAsking || !extendable) return;
    setAsking(true);
    setProblem(undefined);
    const answer = await api.extend(order.orderId);
    setAsking(false);
    if (!answer.ok) return setProblem(answer.problem);
    setAdded(extendable.seconds);
    onOrder(answer.body);
  }

  return (
    <div class="extend">
      <p class={added === undefined ? "unseen" : ""} role="status" tabIndex={-1} ref={status}>
        {added !== undefined && say("extended", { time: duration(added) })}
        {added === undefined && isOffered && say("extendOffer", { time: duration(extendable.seconds) })}
      </p>
      {problem && <ProblemNotice problem={problem} isNews />}
      {isOffered && (
        <button class="plain" type="button" aria-busy={isAsking} onClick={extend}>
          {say("extend", { time: duration(extendable.seconds) })}
        </button>
      )}
    </div>
  );
}
