/** Drops that can still be bought in, where the one that was asked for is not there. */
import { useEffect, useState } from "preact/hooks";
import { api, type Drop } from "../lib/api.ts";
import { shopNowMs } from "../lib/clock.ts";
import { say } from "../lib/language.ts";
import { phaseNow } from "../lib/phases.ts";
import { DropRows, inOrder } from "./drop-rows.tsx";

const mostShown = 3;
const withSomethingLeft = ["open", "upcoming", "paused", "sold_out_for_now"];

export function NextDrops() {
  const [drops, setDrops] = useState<Drop[]>([]);
  useEffect(() => {
    void api.drops().then((answer) => {
      if (!answer.ok) return;
      const next = answer.body.items.filter((drop) => withSomethingLeft.includes(phaseNow(drop, shopNowMs())));
      setDrops(inOrder(next).slice(0, mostShown));
    });
  }, []);
  if (drops.length === 0) return null;
  return (
    <div class="wide">
      <h2>{say("nextDrops")}</h2>
      <DropRows drops={drops} />
    </div>
  );
}
