/** Pauses a drop, or lets it go on. A pause that was answered holds in every process. */
import { Button, Text } from "@mantine/core";
import { useState } from "react";
import { type Drop, dropApi, type Phase } from "../drop-api.ts";
import { useDropAct } from "./drop-act.ts";
import { isOnSale } from "./drop-phase.tsx";
import { ReasonedAct } from "./reasoned-act.tsx";

type Pausable = Pick<Drop, "dropId" | "name" | "paused">;

export function PauseDrop({ drop, phase, isMain = false }: { drop: Pausable; phase: Phase; isMain?: boolean }) {
  const { dropId, name, paused } = drop;
  const [isAsking, setIsAsking] = useState(false);
  const pausing = useDropAct(
    (reason: string) => dropApi.pause(dropId, !paused, reason),
    () => setIsAsking(false),
  );
  const verb = paused ? "Resume" : "Pause";
  return (
    <>
      <Button
        {...(isMain && { variant: "filled" })}
        flex="none"
        onClick={() => setIsAsking(true)}
        aria-label={`${verb} ${name}`}
      >
        {verb} …
      </Button>
      <ReasonedAct
        title={`${verb} this drop`}
        act={verb}
        opened={isAsking}
        onClose={() => setIsAsking(false)}
        onAct={pausing.mutate}
        nameToType={!paused && isOnSale(phase) ? name : undefined}
        says="Buyers read it on the drop's page"
        acting={pausing}
      >
        <Text>
          {paused
            ? "The drop accepts orders again, until it closes."
            : "As soon as the server has answered, no process accepts an order for this drop. Orders that were accepted go on: they can be paid."}
        </Text>
      </ReasonedAct>
    </>
  );
}
