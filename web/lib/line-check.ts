/** Reads what a shop published of a line and what this browser kept of it, and has both checked. */

import type { PlaceView } from "#wire/room";
import { type Check, type Kept, type Published, publishedFiles } from "../../src/fairness/fairness.ts";
import { problemOf } from "./api.ts";
import { kept } from "./kept.ts";

/** missing: there is no such drop. none: it has no line that is drawn. away: the files cannot be read now. broken: they have another form. */
export type Found = { checks: readonly Check[] } | { broken: string } | "missing" | "none" | "away";

/** To the worker, and back. */
export type Asked = { published: Published; kept: readonly Kept[] };
export type Told = Exclude<Found, string>;

export async function checkedLine(dropId: string, own: Kept | undefined): Promise<Found> {
  const published: Record<string, string> = {};
  try {
    // One after the other: the roster comes last, and has what the others name.
    for (const [name, pathOf] of Object.entries(publishedFiles)) {
      // The shop keeps an answer for a second. A roster that is older than the newest head would seem to lack places.
      if (name === "roster.txt") await afterASecond();
      const response = await fetch(pathOf(encodeURIComponent(dropId)), { cache: "no-cache" });
      if (response.status === 404) return (await problemOf(response)).code === "drop_not_found" ? "missing" : "none";
      if (!response.ok) return "away";
      published[name] = await response.text();
    }
    return await checkedBesideThePage({ published, kept: own ? [own] : [] });
  } catch {
    return "away";
  }
}

function afterASecond(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, 1_200);
  return promise;
}

function checkedBesideThePage(asked: Asked): Promise<Told> {
  const { promise, resolve, reject } = Promise.withResolvers<Told>();
  const worker = new Worker(new URL("./line-worker.ts", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<Told>) => resolve(data);
  worker.onerror = reject;
  worker.postMessage(asked);
  return promise.finally(() => worker.terminate());
}

/** The waiting page keeps the place as the shop told it, and the root that it saw first. */
export function keptOfLine(dropId: string): Kept | undefined {
  const own = kept.read<PlaceView>(`place:${dropId}`);
  if (!own?.receipt) return undefined;
  const seen = kept.read<{ size: number; root: string; seenAtMs: number }>(`seen:${dropId}`);
  const { ticket, seq, joinedAt, place, receipt } = own;
  return {
    receipt: { dropId, ticket, seq, joinedAtMs: Date.parse(joinedAt), signature: receipt.signature },
    ...(place !== null && { place }),
    ...(seen && { seen: [seen] }),
  };
}
