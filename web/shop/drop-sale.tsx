/** The action of an open drop, which sells to all who ask or to its line, and the way to that line. */
import { useState } from "preact/hooks";
import { dayTimeAndZone } from "../lib/amounts.ts";
import type { Drop, Problem, Product } from "../lib/api.ts";
import { shopNowMs } from "../lib/clock.ts";
import { say } from "../lib/language.ts";
import { lastMsOf, type ShownPhase } from "../lib/phases.ts";
import { useBuying } from "./buying.ts";
import { Quantity } from "./parts/quantity.tsx";
import { Action, lineOf } from "./product.tsx";

type BuyProps = {
  product: Product;
  limit: number | null;
  /** The drop, if the product is sold to its line. */
  line: string | undefined;
  phase: ShownPhase;
  version: number;
  onPriceChanged(): void;
};

/** Whether it is open is the gate's to say. If it says "not yet", the page waits for a second before it offers again. */
export function Buy({ product, limit, line, phase, version, onPriceChanged }: BuyProps) {
  const [quantity, setQuantity] = useState(1);
  const [notBeforeMs, setNotBeforeMs] = useState(0);
  const [refusedVersion, setRefusedVersion] = useState(version);
  const onRefusal = ({ code, retryAfterMs = 1_000 }: Problem) => {
    setRefusedVersion(version);
    if (code === "price_changed") onPriceChanged();
    if (code === "drop_not_open") setNotBeforeMs(shopNowMs() + retryAfterMs);
  };
  const buying = useBuying(product.productId, onRefusal, line);
  const isClosed = phase !== "open" || shopNowMs() < notBeforeMs;
  // The page has heard of the pause, or of its end, since.
  const isStale = buying.refusal?.code === "drop_paused" && refusedVersion !== version;
  const shown = isStale ? { ...buying, refusal: undefined } : buying;
  return (
    <>
      <Quantity limit={limit} value={quantity} onChange={setQuantity} />
      <Action
        product={product}
        quantity={quantity}
        buying={shown}
        dropId={line}
        isClosed={isClosed}
        verb={closedVerbs.includes(phase) ? say(`phase_${phase}`) : undefined}
      />
    </>
  );
}

/** How many units one person may hold, as the gate has it: the lower one of the drop's limit and the product's. */
export function limitIn({ limitPerPerson }: Drop, { limitPerCustomer }: Product): number | null {
  const none = Number.POSITIVE_INFINITY;
  const lower = Math.min(limitPerPerson ?? none, limitPerCustomer ?? none);
  return lower === none ? null : lower;
}

/** How the drop is sold, if not to the first who ask, and the way to its line. */
export function LineLink({ drop, phase }: { drop: Drop; phase: ShownPhase }) {
  const { dropId, entry, listAfterSoldOut, listed } = drop;
  const isForReturns = entry === "open" && listAfterSoldOut && (phase !== "open" || listed.length > 0);
  if (phase === "upcoming" ? entry === "open" : entry === "open" && !isForReturns) return null;
  const lastMs = lastMsOf(drop);
  const byDraw = shopNowMs() < lastMs ? say("soldByDraw", { time: dayTimeAndZone(lastMs) }) : say("wasDrawn");
  return (
    <p class="to-line">
      {entry === "draw" ? byDraw : say(isForReturns ? "lineForReturns" : "soldByLine")}{" "}
      <a class={phase === "upcoming" ? "button" : ""} href={lineOf(dropId)} data-load>
        {say("toLine")}
      </a>
    </p>
  );
}

/** The button cannot be pressed then, and says why. */
const closedVerbs: readonly ShownPhase[] = ["paused", "sold_out_for_now", "sold_out"];
