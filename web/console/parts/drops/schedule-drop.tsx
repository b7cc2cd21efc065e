/** Announces a drop after its checks. A check that fails is named, and passed with a reason alone. */
import { Button, Text } from "@mantine/core";
import { useState } from "react";
import { type Drop, dropApi } from "../../drop-api.ts";
import { Confirm } from "../confirm.tsx";
import { ReasonedAct } from "../reasoned-act.tsx";
import { inZone } from "../wall-time.ts";
import { useDropAct } from "./drop-act.ts";
import { CheckList, useChecks } from "./preflight.tsx";

export function ScheduleDrop({ drop: { dropId, opensAt, zone } }: { drop: Drop }) {
  const [isAsking, setIsAsking] = useState(false);
  const checks = useChecks(dropId);
  const scheduling = useDropAct(
    (reason: string | undefined) => dropApi.schedule(dropId, reason),
    () => setIsAsking(false),
  );
  const failed = checks.data?.filter(({ status }) => status === "fail") ?? [];
  const dialog = {
    title: "Schedule this drop",
    opened: isAsking,
    acting: scheduling,
    onClose: () => setIsAsking(false),
  };
  return (
    <>
      <Button variant="filled" onClick={() => setIsAsking(true)} disabled={!checks.data}>
        Schedule …
      </Button>
      {failed.length === 0 ? (
        <Confirm {...dialog} act="Schedule it" onAct={() => scheduling.mutate(undefined)}>
          <Text>
            It is announced now and opens on {inZone(opensAt, zone)}. Until then its products cannot be bought, and from
            now on they stay in it.
          </Text>
        </Confirm>
      ) : (
        <ReasonedAct
          {...dialog}
          act="Schedule it all the same"
          onAct={scheduling.mutate}
          says="It is kept in the drop's history, which is public"
          isBad
        >
          <Text>These checks fail. Mend them first, or say why it is scheduled all the same.</Text>
          <CheckList checks={failed} />
        </ReasonedAct>
      )}
    </>
  );
}
