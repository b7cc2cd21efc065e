/** Reads all that a shop publishes about a line, as texts by file name: from the running shop, or from a folder without a network. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Published, type PublishedFile, publishedFiles } from "#fairness";
import { openFolder } from "#platform/folder";
import { messageOf } from "#platform/thrown";
import { Refused } from "../ask.ts";
import { shown } from "../shown.ts";

const needed: readonly PublishedFile[] = ["fair.json", "roster.txt"];
/** More than an answer is kept for. */
const olderByMs = 1_200;
const names = Object.keys(publishedFiles) as PublishedFile[];

/** @param where The address of a drop, or a folder. */
export function readPublished(where: string): Promise<Published> {
  return /^https?:\/\//.test(where) ? fromShop(where) : fromFolder(where);
}

async function fromShop(address: string): Promise<Published> {
  const [, root, drop] = /^(https?:\/\/[^/]+).*?\/(?:drops|d)\/([^/?#]+)/.exec(address) ?? [];
  if (root === undefined || drop === undefined) {
    throw new Refused(`${address} is no drop's address: give one like https://shop.example/drops/night-lamps`);
  }
  const published: Record<string, string> = {};
  for (const name of names) {
    // The shop keeps an answer for a second. A roster that is older than the newest head would seem to lack places.
    if (name === "roster.txt") await sleep(olderByMs);
    const url = `${root}${publishedFiles[name](drop)}`;
    const response = await fetch(url, { headers: { "cache-control": "no-cache" } }).catch((cause) => {
      const advice = "give the address of a shop that runs, or a folder that --keep has filled";
      throw new Refused(`nothing answers at ${url}: ${advice} (${messageOf(cause)})`, { cause });
    });
    const text = await response.text();
    if (!response.ok) throw new Refused(`${url} was answered ${response.status}: ${shown(detailOf(text))}`);
    published[name] = text;
  }
  return published;
}

/** The sentence of a problem; the beginning of any other text. */
function detailOf(text: string): string {
  try {
    return String((JSON.parse(text) as { detail?: unknown }).detail ?? text.slice(0, 200));
  } catch {
    return text.slice(0, 200);
  }
}

async function fromFolder(folder: string): Promise<Published> {
  const published: Record<string, string> = {};
  for (const name of names) {
    const path = join(folder, name);
    const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT" || needed.includes(name)) {
        throw new Refused(
          `${path} cannot be read: ${error.code}; the guide says what belongs into the folder: docs/guide/fair.md`,
        );
      }
    });
    if (text !== undefined) published[name] = text;
  }
  return published;
}

/** Keeps it, so that it can be checked again without the shop. @throws Refused if nothing can be written there. */
export async function keepPublished(published: Published, folder: string): Promise<void> {
  try {
    openFolder(folder, { mode: 0o755, instead: "name another folder" });
    for (const [name, text] of Object.entries(published)) await writeFile(join(folder, name), text);
  } catch (cause) {
    throw new Refused(`--keep ${folder}: ${messageOf(cause)}`, { cause });
  }
}
