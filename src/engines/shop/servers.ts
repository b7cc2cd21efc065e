/**
 * Checks that the living processes of a shop are on the same servers, because equal settings may still lead to different
 * ones, and that they share the settings of `shared-settings.ts`.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { elapsedMs } from "#platform/clock";
import { MayNotRun } from "./agreement.ts";
import type { Presence, Server } from "./presence.ts";
import type { SharedSetting } from "./shared-settings.ts";

/** After a failover the others are on the new server within a second or two. */
const agreedWithinMs = 6_000;
const lookEveryMs = 200;

const settingOf: Readonly<Record<string, string>> = { gate: "REDIS_HOST and REDIS_PORT", log: "KAFKA_BOOTSTRAP" };

/** @throws MayNotRun if a living process has a part on another server than this one, or another shared setting. */
export async function requireSameServers(presence: Presence, settings: readonly SharedSetting[]): Promise<void> {
  const giveUpAt = elapsedMs() + agreedWithinMs;
  for (;;) {
    const difference = await differenceTo(presence, settings);
    if (!difference) return;
    if (elapsedMs() > giveUpAt) throw new MayNotRun(difference);
    await sleep(lookEveryMs);
  }
}

async function differenceTo(presence: Presence, settings: readonly SharedSetting[]): Promise<string | undefined> {
  for (const { says, servers } of await presence.others()) {
    for (const [part, mine] of Object.entries(presence.servers)) {
      const theirs = servers[part];
      if (!theirs || theirs.id === mine.id) continue;
      const shared = settings.find((setting) => setting.part === part);
      return shared ? toldOfSetting(shared, mine, theirs, says) : toldOfServer(part, mine, theirs, says);
    }
  }
  return undefined;
}

function toldOfSetting({ setting, harm }: SharedSetting, mine: Server, theirs: Server, says: string): string {
  const values = mine.address === theirs.address ? "" : ` (${mine.address}, and there ${theirs.address})`;
  return (
    `${setting} of this process is not that of ${says}${values}, so ${harm}: give all processes of the shop the same ` +
    `${setting}; to change it, stop all of them and start them with the new one`
  );
}

function toldOfServer(part: string, mine: Server, theirs: Server, says: string): string {
  return (
    `this process has the shop's ${part} at ${mine.address}, and ${says} has it at ${theirs.address}, which is ` +
    `another server: give all processes the same ${settingOf[part]}, or stop the other one`
  );
}
