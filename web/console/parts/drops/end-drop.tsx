/** The two ends of a drop before its time: closed early, its orders go on; cancelled, they end and money goes back. */
import { Button, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { count, money } from "../../../lib/amounts.ts";
import { type Cancellation, type Drop, dropApi, type Phase } from "../../drop-api.ts";
import { Facts } from "../facts.tsx";
import { Loading } from "../loading.tsx";
import { ProblemNote } from "../problem.tsx";
import { ReasonedAct } from "../reasoned-act.tsx";
import { useDropAct } from "./drop-act.ts";
import { isOnSale } from "./drop-phase.tsx";

type EndProps = { drop: Drop; phase: Phase };

export function EndEarly({ drop: { dropId, name }, phase }: EndProps) {
  const [isAsking, setIsAsking] = useState(false);
  const ending = useDropAct(
    (reason: string) => dropApi.end(dropId, reason),
    () => setIsAsking(false),
  );
  return (
    <>
      <Button onClick={() => setIsAsking(true)}>End early …</Button>
      <ReasonedAct
        title="End this drop now"
        act="End the drop"
        opened={isAsking}
        onClose={() => setIsAsking(false)}
        onAct={ending.mutate}
        nameToType={isOnSale(phase) ? name : undefined}
        says="Buyers read it on the drop's page"
        isBad
        acting={ending}
      >
        <Text>It closes now, and cannot be opened again. Orders that were accepted go on: they can be paid.</Text>
      </ReasonedAct>
    </>
  );
}

export function CancelDrop({ drop: { dropId, name }, phase }: EndProps) {
  const [isAsking, setIsAsking] = useState(false);
  const found = useQuery({
    queryKey: ["drop-cancellation", dropId],
    queryFn: () => dropApi.cancellation(dropId),
    enabled: isAsking,
    gcTime: 0,
    refetchInterval: 5_000,
  });
  const cancelling = useDropAct(
    (reason: string) => dropApi.cancel(dropId, reason),
    () => setIsAsking(false),
  );
  const refund = found.data && refundOf(found.data);
  return (
    <>
      <Button onClick={() => setIsAsking(true)}>Cancel the drop …</Button>
      <ReasonedAct
        title="Cancel this drop"
        act={refund ? `Cancel it and refund ${refund}` : "Cancel the drop"}
        opened={isAsking}
        onClose={() => setIsAsking(false)}
        onAct={(reason) => found.data && cancelling.mutate(reason)}
        nameToType={isOnSale(phase) ? name : undefined}
        says="Buyers read it on the drop's page"
        isBad
        acting={cancelling}
      >
        {found.isPending && <Loading rows={2} />}
        {found.isError && <ProblemNote error={found.error} again={found.refetch} />}
        {found.data && <WhatEnds orders={found.data.orders} />}
      </ReasonedAct>
    </>
  );
}

function WhatEnds({ orders }: Cancellation) {
  const sum = (kind: "open" | "paid") => orders.reduce((total, one) => total + one[kind], 0);
  const refund = refundOf({ orders });
  const facts = {
    "Open orders, to be cancelled": count(sum("open")),
    "Confirmed orders, to be taken back": count(sum("paid")),
    "Money that goes back": refund || "None",
  };
  return (
    <>
      <Text>
        It closes now. Its orders end one after the other: open ones are not charged, and{" "}
        {refund ? "paid ones get their money back" : "no money goes back, because none was paid"}. This cannot be
        undone.
      </Text>
      <Facts facts={facts} />
    </>
  );
}

/** By currency; empty if nothing was paid. */
function refundOf({ orders }: Cancellation): string {
  const paid = orders.filter(({ refund }) => refund > 0);
  return paid.map(({ refund, currency }) => money(refund, currency)).join(" and ");
}
