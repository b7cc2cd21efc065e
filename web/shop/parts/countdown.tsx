/** Time that is left, by the shop's clock. */
import { useEffect, useState } from "preact/hooks";
import { clockText, count } from "../../lib/amounts.ts";
import { hearClock, shopNowMs } from "../../lib/clock.ts";
import { say } from "../../lib/language.ts";

const drawEveryMs = 250;
const hearEveryMs = 60_000;
const lastMinuteMs = 60_000;

export function Countdown({ payBy }: { payBy: string }) {
  const leftMs = useLeftMs(Date.parse(payBy));
  const tone = leftMs <= 0 ? "over" : leftMs < lastMinuteMs ? "last" : "";
  return (
    <div class="countdown">
      <p class="label" id="time-left">
        {say("timeLeft")}
      </p>
      <p class={`clock ${tone}`} role="timer" aria-labelledby="time-left">
        <bdi>{clockText(leftMs)}</bdi>
      </p>
      <p class="unseen" role="status">
        {announced(leftMs)}
      </p>
      {leftMs <= 0 && <p>{say("timeOver")}</p>}
    </div>
  );
}

/** Right from the first drawing on, also if `untilMs` is not known at first or changes. */
export function useLeftMs(untilMs: number): number {
  const [nowMs, setNowMs] = useState(shopNowMs);
  useEffect(() => {
    void hearClock();
    const hearing = setInterval(hearClock, hearEveryMs);
    const drawing = setInterval(() => setNowMs(shopNowMs()), drawEveryMs);
    return () => {
      clearInterval(hearing);
      clearInterval(drawing);
    };
  }, []);
  return untilMs - nowMs;
}

/** A screen reader is told three times and not each second. The words hold whenever they are read. */
function announced(leftMs: number): string {
  if (leftMs <= 0 || leftMs > 600_000) return "";
  if (leftMs > lastMinuteMs) return say("minutesLeft", { minutes: count(10) });
  return leftMs > 10_000 ? say("oneMinuteLeft") : say("secondsLeft", { seconds: count(10) });
}

/** Whole seconds until a moment of `performance.now()`; 0 once it is over. */
export function useSecondsUntil(untilMs: number): number {
  const left = () => Math.max(0, Math.ceil((untilMs - performance.now()) / 1000));
  const [seconds, setSeconds] = useState(left());
  useEffect(() => {
    setSeconds(left());
    if (left() === 0) return;
    const drawing = setInterval(() => {
      setSeconds(left());
      if (left() === 0) clearInterval(drawing);
    }, drawEveryMs);
    return () => clearInterval(drawing);
  }, [untilMs]);
  return seconds;
}
