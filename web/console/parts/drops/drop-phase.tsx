/** The phase of a drop in words, by the shop's clock: an open page shows the opening in its second. */
import { useEffect, useState } from "react";
import { hearClock, shopNowMs } from "../../../lib/clock.ts";
import { phaseNow } from "../../../lib/phases.ts";
import type { Drop, Phase } from "../../drop-api.ts";
import { Status, type Tone } from "../status.tsx";

const shown: Record<Phase, { word: string; tone: Tone }> = {
  draft: { word: "Draft", tone: "still" },
  upcoming: { word: "Upcoming", tone: "info" },
  open: { word: "Open", tone: "ok" },
  paused: { word: "Paused", tone: "warn" },
  sold_out_for_now: { word: "Sold out for now", tone: "info" },
  sold_out: { word: "Sold out", tone: "info" },
  ended: { word: "Ended", tone: "still" },
  cancelled: { word: "Cancelled", tone: "bad" },
};

const drawEveryMs = 250;
const hearEveryMs = 60_000;

/** The shop's time in milliseconds, which draws its place anew four times a second. */
export function useShopNowMs(): number {
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
  return nowMs;
}

export function phaseAt(drop: Drop, nowMs: number): Phase {
  return drop.phase === "draft" ? "draft" : phaseNow(drop, nowMs);
}

export function isOver(phase: Phase): boolean {
  return phase === "ended" || phase === "cancelled";
}

/** It sells, or would as soon as a unit comes back. */
export function isOnSale(phase: Phase): boolean {
  return phase === "open" || phase === "sold_out_for_now" || phase === "sold_out";
}

export function DropPhase({ phase }: { phase: Phase }) {
  const { word, tone } = shown[phase];
  return <Status tone={tone}>{word}</Status>;
}

export function unitsOf({ products }: Pick<Drop, "products">): { sold: number; held: number; available: number } {
  const sum = (kind: "sold" | "held" | "free") => products.reduce((total, one) => total + one[kind], 0);
  return { sold: sum("sold"), held: sum("held"), available: sum("free") };
}
