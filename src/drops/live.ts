/** The answer that pages poll while people wait for a drop: made once a second for each drop, and sent unchanged. */
import { createKeptAnswers } from "#platform/kept-answers";
import type { Drop, Drops } from "./drops.ts";
import { liveOf } from "./view.ts";

export type Live = {
  /** The answer in JSON; undefined if no such drop is announced. */
  of(dropId: string): Promise<Buffer | undefined>;
};

const keptMs = 1_000;

export function createLive({ drops, now }: { drops: Pick<Drops, "get" | "units">; now(): number }): Live {
  async function make(dropId: string): Promise<Buffer | undefined> {
    const drop = await drops.get(dropId);
    return drop && drop.state !== "draft" ? textOf(drop) : undefined;
  }

  async function textOf(drop: Drop): Promise<Buffer> {
    return Buffer.from(JSON.stringify(liveOf(drop, await drops.units([drop]), now())));
  }

  return { of: createKeptAnswers({ keptMs, make }) };
}
