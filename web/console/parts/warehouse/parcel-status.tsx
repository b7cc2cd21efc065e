/** A parcel's state as a dot and a word, with the person who picks it. */
import { useSession } from "../../session.ts";
import type { Parcel } from "../../warehouse-api.ts";
import { Status, type Tone } from "../status.tsx";

const words: Record<Parcel["state"], [tone: Tone, word: string]> = {
  to_pick: ["still", "To pick"],
  picking: ["info", "Being picked"],
  picked: ["info", "Picked"],
  short: ["warn", "Short, order ended"],
  handed_over: ["ok", "Handed over"],
  cancelled: ["bad", "Cancelled"],
};

export function ParcelStatus({ parcel: { state, assignee, assigneeName } }: { parcel: Parcel }) {
  const me = useSession().data?.account?.userId;
  const [tone, word] = words[state];
  const isTheirs = assignee !== null && (state === "picking" || state === "picked");
  const who = assignee === me ? "you" : (assigneeName ?? assignee);
  return <Status tone={tone}>{isTheirs ? `${word} by ${who}` : word}</Status>;
}
