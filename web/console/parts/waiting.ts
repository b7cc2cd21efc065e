/** Counts what waits for an operator, for the list of pages; nothing while it cannot be read. */
import { useQuery } from "@tanstack/react-query";
import { count } from "../../lib/amounts.ts";
import { deskApi } from "../desk-api.ts";
import { plural } from "../plural.ts";

const lookEveryMs = 10_000;

export function useWaiting(isAsked: boolean): string | undefined {
  const waiting = useQuery({ queryKey: ["waiting"], queryFn: read, refetchInterval: lookEveryMs, enabled: isAsked });
  return waiting.data;
}

async function read(): Promise<string> {
  const [letters, sagas, findings] = await Promise.all([
    deskApi.letters("waiting", undefined),
    deskApi.sagas(undefined),
    deskApi.findings(),
  ]);
  const known = letters.items.length + sagas.items.length + findings.length;
  // Each list is read as far as its first page.
  const isMore = letters.nextCursor !== null || sagas.nextCursor !== null;
  return isMore ? `${count(known)}+ wait` : known === 0 ? "" : plural(known, "waits", "wait");
}
