/** Every question and every act about drops, typed by the server's own schemas. */
import type { Static } from "typebox";
import type { CancellationView, ChangeList, DropBody, DropView, PatchBody, PreflightView } from "#wire/drops";
import type { RoomState } from "#wire/room";
import { ask } from "./ask.ts";

export type Drop = DropView;
export type Phase = Drop["phase"];
export type Change = Static<typeof ChangeList>["items"][number];
export type Check = Static<typeof PreflightView>["checks"][number];
export type Room = RoomState;
export type Cancellation = Static<typeof CancellationView>;

/** As they are now: without it a cache may answer, and drafts are left out. */
const query = { drafts: "true" };

export const dropApi = {
  list: async () => (await ask<{ items: Drop[] }>("listDrops", { query })).items,
  one: (id: string) => ask<Drop>("getDrop", { id, query }),
  /** All of them: few drops have more than one page. */
  async changes(id: string): Promise<Change[]> {
    const changes: Change[] = [];
    let cursor: string | undefined;
    do {
      const page = await ask<Static<typeof ChangeList>>("listDropChanges", { id, query: { cursor }, isFresh: true });
      changes.push(...page.items);
      cursor = page.nextCursor?.toString();
    } while (cursor !== undefined);
    return changes;
  },
  checks: async (id: string) => (await ask<{ checks: Check[] }>("checkDrop", { id })).checks,
  room: (id: string) => ask<Room>("getRoom", { id }),
  cancellation: (id: string) => ask<Cancellation>("checkCancellation", { id }),
  add: (body: DropBody) => ask<Drop>("addDrop", { body }),
  change: ({ dropId, version }: Drop, body: PatchBody) =>
    ask<Drop>("changeDrop", { id: dropId, body, headers: { "if-match": `"${version}"` } }),
  copy: (id: string, dropId: string) => ask<Drop>("copyDrop", { id, body: { dropId } }),
  /** With a reason, although a check fails. */
  schedule: (id: string, reason: string | undefined) =>
    ask<Drop>("scheduleDrop", { id, body: reason ? { force: true, reason } : {} }),
  pause: (id: string, paused: boolean, reason: string) => ask<Drop>("pauseDrop", { id, body: { paused, reason } }),
  end: (id: string, reason: string) => ask<Drop>("endDrop", { id, body: { reason } }),
  cancel: (id: string, reason: string) => ask<Drop>("cancelDrop", { id, body: { reason } }),
};
