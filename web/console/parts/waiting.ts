/** Counts what waits for an operator, for the list of pages; nothing while it cannot be read. */
import { useQuery } from "@tanstack/react-query";
import { deskApi } from "../desk-api.ts";

const lookEveryMs = 10_000;

export function useWaiting(isAsked: boolean): number {
  const waiting = useQuery({ queryKey: ["waiting"], queryFn: read, refetchInterval: lookEveryMs, enabled: isAsked });
  return waiting.data ?? 0;
}

async function read(): Promise<number> {
  const [letters, sagas, findings] = await Promise.all([
    deskApi.letters("waiting", undefined),
    deskApi.sagas(undefined),
    deskApi.findings(),
  ]);
  return letters.items.length + sagas.items.length + findings.length;
}
