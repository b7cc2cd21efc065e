/** The answer that pages poll while people wait for a drop: made once a second for each drop, and sent unchanged. */
import { elapsedMs } from "#platform/clock";
import type { Drop, Drops } from "./drops.ts";
import { liveOf } from "./view.ts";

export type Live = {
  /** The answer in JSON; undefined if no such drop is announced. */
  of(dropId: string): Promise<Buffer | undefined>;
};

const keptMs = 1_000;

export function createLive({ drops, now }: { drops: Pick<Drops, "get" | "units">; now(): number }): Live {
  const kept = new Map<string, { atMs: number; text: Promise<Buffer | undefined> }>();

  async function make(dropId: string): Promise<Buffer | undefined> {
    const drop = await drops.get(dropId);
    // Not kept: strangers may ask for any name.
    if (!drop || drop.state === "draft") kept.delete(dropId);
    return drop && drop.state !== "draft" ? textOf(drop) : undefined;
  }

  async function textOf(drop: Drop): Promise<Buffer> {
    return Buffer.from(JSON.stringify(liveOf(drop, await drops.units([drop]), now())));
  }

  return {
    of(dropId) {
      const nowMs = elapsedMs();
      const known = kept.get(dropId);
      if (known && nowMs - known.atMs < keptMs) return known.text;
      const text = make(dropId);
      kept.set(dropId, { atMs: nowMs, text });
      text.catch(() => kept.delete(dropId));
      return text;
    },
  };
}
