/**
 * Checks that the processes of a shop are on the same servers, because equal settings may still lead to different ones.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { elapsedMs } from "#platform/clock";
import { MayNotRun } from "./agreement.ts";
import type { Presence } from "./presence.ts";

/** After a failover the others are on the new server within a second or two. */
const agreedWithinMs = 6_000;
const lookEveryMs = 200;

const settingOf: Readonly<Record<string, string>> = { gate: "REDIS_HOST and REDIS_PORT", log: "KAFKA_BOOTSTRAP" };

/** @throws MayNotRun if a living process has a part on another server than this one. */
export async function requireSameServers(presence: Presence): Promise<void> {
  const giveUpAt = elapsedMs() + agreedWithinMs;
  for (;;) {
    const difference = await differenceTo(presence);
    if (!difference) return;
    if (elapsedMs() > giveUpAt) throw new MayNotRun(difference);
    await sleep(lookEveryMs);
  }
}

async function differenceTo(presence: Presence): Promise<string | undefined> {
  for (const { says, servers } of await presence.others()) {
    for (const [part, mine] of Object.entries(presence.servers)) {
      const theirs = servers[part];
      if (theirs && theirs.id !== mine.id) {
        return (
          `this process has the shop's ${part} at ${mine.address}, and ${says} has it at ${theirs.address}, which is ` +
          `another server: give all processes the same ${settingOf[part]}, or stop the other one`
        );
      }
    }
  }
  return undefined;
}
