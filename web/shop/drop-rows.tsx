/** The drops on `/`: a row each, what is open first, then what opens next. */
import { dayTimeAndZone, longClockText } from "../lib/amounts.ts";
import type { Drop } from "../lib/api.ts";
import { shopNowMs } from "../lib/clock.ts";
import { say } from "../lib/language.ts";
import { phaseNow, type ShownPhase } from "../lib/phases.ts";
import { useLeftMs } from "./parts/countdown.tsx";
import { Name, nameClass } from "./parts/name.tsx";
import { Pill } from "./parts/notice.tsx";
import { toneOfPhase } from "./parts/phase.ts";

const order: readonly ShownPhase[] = [
  ...(["open", "paused", "upcoming", "sold_out_for_now", "sold_out", "ended", "cancelled"] as const),
];

/** `most`: the first so many, if not all. */
export function DropRows({ drops, most }: { drops: readonly Drop[]; most?: number }) {
  const rank = (drop: Drop) => order.indexOf(phaseNow(drop, shopNowMs()));
  const sorted = drops.toSorted((a, b) => rank(a) - rank(b) || a.opensAt.localeCompare(b.opensAt));
  return (
    <ul class="drops" aria-label={say("drops")}>
      {sorted.slice(0, most).map((drop) => (
        <Row key={drop.dropId} drop={drop} />
      ))}
    </ul>
  );
}

function Row({ drop }: { drop: Drop }) {
  const leftMs = useLeftMs(Date.parse(drop.opensAt));
  const phase = phaseNow(drop, shopNowMs());
  const isOver = phase === "ended" || phase === "cancelled";
  const when = phase === "upcoming" ? "opensAt" : isOver ? "closedAt" : "closesAt";
  return (
    <li class={isOver || phase === "sold_out" ? "past" : ""}>
      <a href={`/d/${encodeURIComponent(drop.dropId)}`}>
        <h2 class={nameClass(drop.name)}>
          <Name>{drop.name}</Name>
        </h2>
        <div>
          <Pill tone={toneOfPhase(phase)}>{say(`phase_${phase}`)}</Pill>
          <p class="fine">{say(when, { time: dayTimeAndZone(phase === "upcoming" ? drop.opensAt : drop.closesAt) })}</p>
        </div>
        <p class="left">{phase === "upcoming" && <bdi>{longClockText(leftMs)}</bdi>}</p>
      </a>
    </li>
  );
}
