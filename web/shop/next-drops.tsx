/** Drops that can still be bought in, where the one that was asked for is not there. */
import { useEffect, useState } from "preact/hooks";
import { api, type Drop } from "../lib/api.ts";
import { shopNowMs } from "../lib/clock.ts";
import { say } from "../lib/language.ts";
import { phaseNow } from "../lib/phases.ts";
import { DropRows } from "./drop-rows.tsx";

const withSomethingLeft = ["open", "upcoming", "paused", "sold_out_for_now"];

export function NextDrops() {
  const [drops, setDrops] = useState<Drop[]>([]);
  useEffect(() => {
    void api.drops().then((answer) => {
      if (!answer.ok) return;
      setDrops(answer.body.items.filter((drop) => withSomethingLeft.includes(phaseNow(drop, shopNowMs()))));
    });
  }, []);
  if (drops.length === 0) return null;
  return (
    <div class="wide">
      <h2>{say("nextDrops")}</h2>
      <DropRows drops={drops} most={3} />
    </div>
  );
}
