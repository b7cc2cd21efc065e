/** One parcel at the shelf: bin, picture and name, and a field for the scanner that has the focus. */
import { Button, Group, Text } from "@mantine/core";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { count, shortCode } from "../../lib/amounts.ts";
import { isSignedOut } from "../ask.ts";
import { Loading } from "../parts/loading.tsx";
import { Heading } from "../parts/page.tsx";
import { ProblemNote } from "../parts/problem.tsx";
import { ReasonedAct } from "../parts/reasoned-act.tsx";
import { ParcelStatus } from "../parts/warehouse/parcel-status.tsx";
import { ScanField } from "../parts/warehouse/scan-field.tsx";
import { ScanResult } from "../parts/warehouse/scan-result.tsx";
import { usePicking } from "../picking.ts";
import { plural } from "../plural.ts";
import { useSession } from "../session.ts";
import type { Parcel } from "../warehouse-api.ts";
import { useParcels } from "./pick.tsx";

export function ParcelPage() {
  const { orderId } = useParams({ from: "/pick/$orderId" });
  // Another parcel begins anew: no sentence of the one before stays.
  return <Picking key={orderId} orderId={orderId} />;
}

function Picking({ orderId }: { orderId: string }) {
  const picking = usePicking(orderId);
  const { parcel, said, waiting, error, takeOver, handOver } = picking;
  const account = useSession().data?.account ?? undefined;
  const parcels = useParcels(account);
  const navigate = useNavigate();
  const [isAsking, setIsAsking] = useState(false);
  const { mine = [], toPick = [] } = parcels.data ?? {};
  const next = [...mine, ...toPick].find((one) => one.orderId !== orderId);
  const isOpen = parcel !== undefined && ["to_pick", "picking", "picked"].includes(parcel.state);
  // From the opening on, or since another person has taken it over.
  const isTaken = isOpen && account !== undefined && parcel.assignee !== null && parcel.assignee !== account.userId;
  const isDone = parcel?.state === "picked" && waiting === 0 && !isTaken;

  function onCode(code: string): void {
    if (code !== "") void picking.scan(code);
    else if (isDone && !handOver.isPending) handOver.mutate();
    else if (!isOpen) goOn();
  }

  function goOn(): void {
    void (next ? navigate({ to: "/pick/$orderId", params: { orderId: next.orderId } }) : navigate({ to: "/pick" }));
  }

  if (error && !parcel) {
    return (
      <>
        <Heading>Parcel</Heading>
        <ProblemNote error={error} again={picking.again} />
        <Button onClick={() => void navigate({ to: "/pick" })}>Back to the list</Button>
      </>
    );
  }
  if (!parcel) return <Loading rows={5} />;
  return (
    <div className={parcel.image === null ? "picking" : "picking pictured"}>
      <div className="pick-what">
        <Text c="dimmed">Bin</Text>
        <p className="bin">{parcel.bin ?? <span className="unknown">Not known</span>}</p>
        <Heading>{parcel.name}</Heading>
        <Text className="units">
          <strong>
            {count(parcel.scanned)} of {count(parcel.quantity)}
          </strong>{" "}
          {parcel.quantity === 1 ? "unit" : "units"} · <span className="breaks">code {parcel.barcode}</span>
        </Text>
        <ParcelStatus parcel={parcel} />
        <Text c="dimmed" size="xs" mt="xs" className="breaks">
          Order {shortCode(orderId)}
          {parcel.shortReason && `, short: ${parcel.shortReason}`}
        </Text>
      </div>
      {parcel.image !== null && (
        <div className="pick-picture">
          <img src={parcel.image} alt="" />
        </div>
      )}
      <div className="pick-act">
        <ScanField
          label="Scan"
          says={
            isTaken
              ? "Each scan is refused until you take the parcel over."
              : askedOf(parcel, waiting, next !== undefined)
          }
          onCode={onCode}
          isHeld={isAsking}
        />
        <ScanResult said={said} />
        {waiting > 0 && (
          <Text role="status" className="waiting">
            {plural(waiting, "scan is", "scans are")} kept on this device and sent once the shop answers.
          </Text>
        )}
        {isSignedOut(error) && error && <ProblemNote error={error} />}
        {isTaken && <Button onClick={takeOver}>Take it over</Button>}
        {isOpen && handOver.isError && <ProblemNote error={handOver.error} />}
        <Group>
          {isOpen && (
            <Button
              variant="filled"
              size="md"
              disabled={!isDone}
              loading={handOver.isPending}
              onClick={() => handOver.mutate()}
            >
              Hand over
            </Button>
          )}
          {!isOpen && (
            <Button variant="filled" size="md" onClick={goOn}>
              {next ? "Next parcel" : "Back to the list"}
            </Button>
          )}
          {isOpen && !isTaken && <Button onClick={() => setIsAsking(true)}>Report as short …</Button>}
          {isOpen && <Button onClick={() => void navigate({ to: "/pick" })}>Back to the list</Button>}
        </Group>
      </div>
      <ReasonedAct
        title="Report as short"
        act="End the order and write off"
        opened={isAsking}
        onClose={() => setIsAsking(false)}
        onAct={(reason) => picking.short.mutate(reason, { onSuccess: () => setIsAsking(false) })}
        says="It is kept in the books, with your name"
        isBad
        acting={picking.short}
      >
        <Text>
          The order ends as a whole, what was paid for it goes back, and everything it asks for is written off:{" "}
          {parcel.name}, {plural(parcel.quantity, "unit", "units")}. If you did find some, bring them in again on the
          page Restock.
        </Text>
      </ReasonedAct>
    </div>
  );
}

function askedOf({ state }: Parcel, waiting: number, hasNext: boolean): string {
  if (state === "picked") {
    return waiting > 0
      ? "All units are in. Hand the parcel over once its scans are sent."
      : "All units are in. Press Enter to hand the parcel over.";
  }
  if (state === "to_pick" || state === "picking") return "The scanner types the code of each unit, and Enter.";
  return hasNext ? "Press Enter for the next parcel." : "Press Enter for the list.";
}
