/** Makes a process's entries of the settings that the living processes of its shop must share. */
import { scrypt } from "node:crypto";
import { promisify } from "node:util";
import type { Server } from "./presence.ts";

export type SharedSetting = {
  /** Its name in the entries of processes. Processes of two releases are compared, so it stays. */
  part: string;
  /** Its name for people. */
  setting: string;
  /** Compared. Empty: not set. */
  value: string;
  isSecret: boolean;
  /** Names the value in messages. Empty: people may not see it. */
  shown: string;
  /** Says what two values in one shop do, behind "so". */
  harm: string;
};

/** `id` is compared, `address` is for people. The id of a secret is its hash, salted with the shop's id: scrypt, RFC 7914. */
export async function entriesOf(settings: readonly SharedSetting[], shopId: string): Promise<Record<string, Server>> {
  const entries = settings.map(async ({ part, value, isSecret, shown }) => {
    const id = isSecret && value !== "" ? await saltedHash(value, shopId) : value;
    return [part, { id, address: shown }] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

async function saltedHash(text: string, salt: string): Promise<string> {
  const hash = (await promisify(scrypt)(text, salt, 32)) as Buffer;
  return hash.toString("base64url");
}
