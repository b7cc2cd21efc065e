/** Everything that each part of the shop knows of an order. It is asked for when an operator opens it. */
import { Button, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { exactTime } from "../../../lib/amounts.ts";
import { saveJson } from "../../../lib/save-json.ts";
import { type Box, deskApi } from "../../desk-api.ts";
import { plural } from "../../plural.ts";
import { Loading } from "../loading.tsx";
import { ProblemNote } from "../problem.tsx";

export function BlackBox({ orderId }: { orderId: string }) {
  const [isOpen, setOpen] = useState(false);
  const box = useQuery({
    queryKey: ["black-box", orderId],
    queryFn: () => deskApi.blackBox(orderId),
    enabled: isOpen,
  });
  return (
    <details className="raw-events" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Everything that is known of it, part by part</summary>
      {box.isLoading && <Loading rows={5} />}
      {box.isError && <ProblemNote error={box.error} again={box.refetch} />}
      {box.data && (
        <>
          <Told box={box.data} />
          <Button size="xs" mb="md" onClick={() => box.refetch()} loading={box.isFetching}>
            Ask again
          </Button>{" "}
          <Button size="xs" mb="md" variant="default" onClick={() => saveJson(`order-${orderId}.json`, box.data)}>
            Keep a copy
          </Button>
        </>
      )}
    </details>
  );
}

function Told({ box: { next, lines, away, asOf } }: { box: Box }) {
  return (
    <>
      <Text mb="sm">{`Next: ${next}`}</Text>
      {away.map(({ source, why }) => (
        <Text key={source} className="problem breaks" mb="sm">
          {`No answer from ${source}, so its lines are missing: ${why}`}
        </Text>
      ))}
      <ol className="timeline">
        {lines.map(({ at, source, says }, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no id, and each answer is shown whole.
          <li key={`${i} ${at}`}>
            <strong>{source}</strong> <span>{says}</span>
            <div className="when">{exactTime(at)}</div>
          </li>
        ))}
      </ol>
      <Text size="sm" mb="sm">{`As of ${exactTime(asOf)}`}</Text>
      <Text size="sm" mb="sm" className="breaks">
        {`${plural(lines.length, "entry", "entries")}, a chain of hashes whose last one the shop signed: ${lines.at(-1)?.hash ?? "none"}. `}
        A copy is checked by dropgate receipt, which names an entry that was changed.
      </Text>
    </>
  );
}
