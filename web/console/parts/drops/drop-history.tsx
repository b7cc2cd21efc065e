/** Shows the public history of a drop: its announcement and each change of it. */
import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { exactTime } from "../../../lib/amounts.ts";
import { type Change, dropApi } from "../../drop-api.ts";
import { sentenceOf } from "../../order-words.ts";
import { Loading } from "../loading.tsx";
import { ProblemNote } from "../problem.tsx";
import { inZone } from "../wall-time.ts";

const fieldWords: Record<string, string> = {
  name: "Name",
  story: "Story",
  zone: "Time zone",
  opensAt: "Opens",
  closesAt: "Closes",
  holdSeconds: "Seconds to pay",
  extensionSeconds: "Seconds more, once",
  limitPerPerson: "Limit per person",
  entry: "Who may order",
  prequeueAt: "People may join from",
  freezeLeadSeconds: "Seconds before the opening from which places stay",
  listAfterSoldOut: "What comes back is offered to a line",
  verifiedOnly: "Only confirmed addresses join",
  workToJoin: "Joining costs computing",
  beacon: "Random number",
};

export function DropHistory({ dropId, zone, version }: { dropId: string; zone: string; version: number }) {
  const changes = useQuery({
    queryKey: ["drop-changes", dropId, version],
    queryFn: () => dropApi.changes(dropId),
    placeholderData: (before) => before,
  });
  return (
    <section className="card" aria-label="History">
      <h2>History</h2>
      {changes.isPending && <Loading rows={3} />}
      {changes.isError && <ProblemNote error={changes.error} again={changes.refetch} />}
      {changes.data && (
        <ol className="timeline">
          {changes.data.map((change) => (
            <Entry key={change.version} change={change} zone={zone} />
          ))}
        </ol>
      )}
      <Text c="dimmed" size="xs">
        It is public, without the names of operators.
      </Text>
    </section>
  );
}

function Entry({ change: { what, at, reason, fields }, zone }: { change: Change; zone: string }) {
  const changed = Object.entries(fields).filter(([field]) => fieldWords[field]);
  return (
    <li>
      {sentenceOf(what.replaceAll("-", "_"))}
      {reason && <span>: {reason}</span>}
      {changed.map(([field, { before, after }]) => (
        <div key={field}>
          {fieldWords[field]}: <del>{shownValue(before, zone)}</del> → <ins>{shownValue(after, zone)}</ins>
        </div>
      ))}
      <div className="when">{exactTime(at)}</div>
    </li>
  );
}

function shownValue(value: unknown, zone: string): string {
  if (value === null) return "none";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "string" && /^\d{4}-\d\d-\d\dT.*Z$/.test(value) ? inZone(value, zone) : String(value);
}
