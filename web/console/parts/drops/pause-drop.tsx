/** Pauses a drop, or lets it go on. A pause that was answered holds in every process. */
import { Button, Text } from "@mantine/core";
import { useState } from "react";
import { type Drop, dropApi, type Phase } from "../../drop-api.ts";
import { ReasonedAct } from "../reasoned-act.tsx";
import { useDropAct } from "./drop-act.ts";
import { isOnSale } from "./drop-phase.tsx";

type Pausable = Pick<Drop, "dropId" | "name" | "paused">;

export function PauseDrop({ drop, phase, isMain = false }: { drop: Pausable; phase: Phase; isMain?: boolean }) {
  const { dropId, name, paused } = drop;
  const [isAsking, setIsAsking] = useState(false);
  /** As it was offered: while the dialog stands another operator may pause the drop. */
  const [toPause, setToPause] = useState(!paused);
  const pausing = useDropAct(
    (reason: string) => dropApi.pause(dropId, toPause, reason),
    () => setIsAsking(false),
  );
  const verbOf = (isPause: boolean) => (isPause ? "Pause" : "Resume");
  const asked = verbOf(toPause);
  return (
    <>
      <Button
        {...(isMain && { variant: "filled" })}
        flex="none"
        onClick={() => {
          setToPause(!paused);
          setIsAsking(true);
        }}
        aria-label={`${verbOf(!paused)} ${name}`}
      >
        {verbOf(!paused)} …
      </Button>
      <ReasonedAct
        title={`${asked} this drop`}
        act={asked}
        opened={isAsking}
        onClose={() => setIsAsking(false)}
        onAct={pausing.mutate}
        nameToType={toPause && isOnSale(phase) ? name : undefined}
        says="Buyers read it on the drop's page"
        acting={pausing}
      >
        <Text>
          {toPause
            ? "As soon as the server has answered, no process accepts an order for this drop. Orders that were accepted go on: they can be paid."
            : "The drop accepts orders again, until it closes."}
        </Text>
      </ReasonedAct>
    </>
  );
}
