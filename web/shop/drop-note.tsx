/** Why nothing of a drop can be bought at the moment, or any more. */
import { useEffect, useState } from "preact/hooks";
import { api, type Drop } from "../lib/api.ts";
import { say } from "../lib/language.ts";
import type { ShownPhase } from "../lib/phases.ts";
import { Name } from "./parts/name.tsx";

type NoteProps = {
  phase: Exclude<ShownPhase, "open" | "upcoming">;
  drop: Drop;
  /** The page knew the end before it came. */
  endsAsPlanned: boolean;
};

export function Note({ phase, drop, endsAsPlanned }: NoteProps) {
  const hasReason = phase === "cancelled" || (phase === "ended" && !endsAsPlanned);
  const whyOver = useReasonOfEnd(drop.dropId, hasReason);
  const reason = phase === "paused" ? drop.pauseReason : whyOver;
  return (
    <div class="notice" role="status">
      <p>{say(`note_${phase}`)}</p>
      {reason && (
        <p>
          {say("reason")} <Name>{reason}</Name>
        </p>
      )}
      {(phase === "sold_out" || phase === "ended" || phase === "cancelled") && (
        <p>
          <a href="/">{say("toProducts")}</a>
        </p>
      )}
    </div>
  );
}

/**
 * Of the shop's staff, if they cancelled the drop or closed it early. It is told once: a drop that is over stays so. A page
 * that saw the drop end as planned does not ask: all pages of a drop would ask in the same second.
 */
function useReasonOfEnd(dropId: string, hasReason: boolean): string | null {
  const [reason, setReason] = useState<string | null>(null);
  useEffect(() => {
    if (!hasReason) return;
    void api.dropChanges(dropId).then((answer) => {
      const end = answer.ok
        ? answer.body.items.find(({ what }) => what === "cancelled" || what === "closed-early")
        : undefined;
      setReason(end?.reason ?? null);
    });
  }, [dropId, hasReason]);
  return reason;
}
