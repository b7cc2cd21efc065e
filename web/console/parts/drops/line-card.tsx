/** The line of a drop as all people see it. It shows how far the line has come; the order of people is no one's to change. */
import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { count } from "../../../lib/amounts.ts";
import { dropApi, type Room } from "../../drop-api.ts";
import { emptyNote, stateWords } from "../../line-note.ts";
import { Facts } from "../facts.tsx";
import { ProblemNote } from "../problem.tsx";

const lookEveryMs = 1_000;

export function LineCard({ dropId }: { dropId: string }) {
  const line = useQuery({
    queryKey: ["room", dropId],
    queryFn: () => dropApi.room(dropId),
    refetchInterval: lookEveryMs,
  });
  if (line.data?.state === "none" || line.isPending) return null;
  return (
    <section className="card" aria-label="Line">
      <h2>Line</h2>
      {line.isError && <ProblemNote error={line.error} again={line.refetch} />}
      {line.data && <Figures room={line.data} />}
    </section>
  );
}

function Figures({ room }: { room: Room }) {
  const { dropId, mode, places, called, rate, free, held, order, root, round, frozenSize } = room;
  const [low = 0, high = 0] = room.reach;
  const facts: Record<string, string> = {
    State: stateWords(room),
    "In line": count(places),
    Called: `${count(called)} of ${count(places)}`,
    "Called a second": rate === null ? "–" : count(Math.round(rate * 10) / 10),
    Units: `${count(free)} free · ${count(held)} held`,
    ...(places > 0 && {
      "In reach":
        called >= places ? "All who are in line were called" : `up to place ${count(low)}; close up to ${count(high)}`,
    }),
    Order: order === null ? "Not known yet" : (orders[order] ?? order),
    ...(round !== null && { "Beacon's round": String(round) }),
    ...(frozenSize !== null && { "In the draw": count(frozenSize) }),
  };
  const empty = emptyNote(room);
  const path = encodeURIComponent(dropId);
  return (
    <>
      <Facts facts={facts} />
      {empty && <Text mt="sm">{empty}</Text>}
      {root && (
        <Text size="xs" c="dimmed" className="breaks">
          Root of the list: {root}
        </Text>
      )}
      <Text size="sm" mt="sm">
        {modes[mode]} <a href={`/d/${path}/wait`}>The page of the line</a> ·{" "}
        <a href={`/d/${path}/fair`}>Check its order</a>
      </Text>
    </>
  );
}

const orders: Record<string, string> = { drawn: "Drawn", arrival: "By arrival" };
const modes: Record<string, string> = {
  line: "People are called one after the other.",
  draw: "The first ranks are called at once.",
  offers: "Units that come back are offered in turn.",
};
