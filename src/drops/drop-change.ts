/** One change of a drop: its row, its place in the public history and its event, in one transaction. */
import { isDeepStrictEqual } from "node:util";
import type { Tx } from "#engines/sql";
import { noteChange } from "./changes.ts";
import { type Drop, lockDrop, updateDrop } from "./drop-rows.ts";
import type { DropEventType } from "./events.ts";
import type { DropRefusal } from "./problems.ts";

type Refused = { ok: false; reason: DropRefusal; productId?: string };

export type DropChange = {
  what: DropEventType;
  actor: string;
  reason: string | null;
  /** The drop as it is to be. Drafts may be anything; the history begins with scheduling. */
  next(drop: Drop, tx: Tx): Promise<{ ok: true; drop: Drop } | Refused>;
};

export type ChangedDrop =
  | { ok: true; drop: Drop }
  | Refused
  | { ok: false; reason: "drop_not_found" }
  | { ok: false; reason: "version_mismatch"; version: number };

export async function changeDrop(
  tx: Tx,
  dropId: string,
  { next, ...act }: DropChange,
  at: Date,
  ifMatch?: readonly number[],
): Promise<ChangedDrop> {
  const before = await lockDrop(tx, dropId);
  if (!before) return { ok: false, reason: "drop_not_found" };
  if (ifMatch && !ifMatch.includes(before.version)) {
    return { ok: false, reason: "version_mismatch", version: before.version };
  }
  const answer = await next(before, tx);
  if (!answer.ok || isDeepStrictEqual(answer.drop, before)) return answer;
  const after = await updateDrop(tx, answer.drop);
  if (after.state !== "draft") await noteChange(tx, before, after, { ...act, at });
  return { ok: true, drop: after };
}
