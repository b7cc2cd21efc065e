/** Waits for the health of a system that is well. */
import assert from "node:assert/strict";
import { eventually } from "./eventually.ts";

/** A part that does not answer its check within a second counts as down, also on a busy machine. */
export async function untilUp(address: string): Promise<void> {
  await eventually(async () => {
    const answer = await fetch(address);
    assert.deepEqual([answer.status, ((await answer.json()) as { status: string }).status], [200, "UP"], address);
    return true;
  });
}
