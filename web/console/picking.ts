/** The work on one parcel: it is taken at the opening of its page, scanned on or off line, and handed over or short. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { count, shortCode } from "../lib/amounts.ts";
import { Refused } from "./ask.ts";
import { hear } from "./heard.ts";
import type { Said } from "./parts/warehouse/scan-result.tsx";
import { type Answered, scanQueue } from "./scan-queue.ts";
import { useSession } from "./session.ts";
import { playTone } from "./tone.ts";
import { type Parcel, warehouseApi } from "./warehouse-api.ts";

const lookEveryMs = 3_000;

export function usePicking(orderId: string) {
  const queries = useQueryClient();
  const key = ["parcel", orderId];
  const [said, setSaid] = useState<Said>();
  const userId = useSession().data?.account?.userId;
  const waiting = useSyncExternalStore(scanQueue.onChange, scanQueue.waiting).filter(
    (one) => one.orderId === orderId && (one.by ?? userId) === userId,
  );
  const reading = useQuery({
    queryKey: key,
    queryFn: () => warehouseApi.parcel(orderId),
    refetchInterval: lookEveryMs,
  });
  const taken = useRef(0);
  function take(parcel: Parcel): void {
    taken.current += 1;
    void hear(queries, key, parcel);
  }

  const starting = useMutation({
    mutationFn: (takeOver: boolean) => warehouseApi.start(orderId, takeOver),
    onMutate: () => taken.current,
    // A scan that was answered meanwhile may be newer.
    onSuccess: (parcel, _takeOver, before) => (before === taken.current ? take(parcel) : void reading.refetch()),
    onError: refusedSaid,
  });
  const handOver = useMutation({
    mutationFn: () => warehouseApi.handOver(orderId),
    onSuccess(parcel) {
      take(parcel);
      say({ kind: "right", text: "Handed over." });
    },
    onError: refusedSaid,
  });
  const short = useMutation({
    mutationFn: (reason: string) => warehouseApi.short(orderId, reason),
    onSuccess(parcel) {
      take(parcel);
      say({ kind: "wrong", text: "Short: the order ends, what was paid goes back, and its units are written off." });
    },
    onError: () => void reading.refetch(),
  });

  function say(one: Said): void {
    setSaid(one);
    playTone(one.kind);
  }

  function refusedSaid(error: Error): void {
    // Also if the answer was lost: the shop may have done it.
    void reading.refetch();
    if (error instanceof Refused && error.status !== 0) say(saidOf(error));
  }

  // biome-ignore lint/correctness/useExhaustiveDependencies: the parcel is taken once, when its page opens.
  useEffect(() => {
    starting.mutate(false);
    void scanQueue.send();
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the listener reads nothing that changes.
  useEffect(() => scanQueue.onAnswer(answered), []);

  function answered(answer: Answered): void {
    const isHere = answer.scan.orderId === orderId;
    if (answer.ok) {
      if (!isHere) return;
      take(answer.parcel);
      const { scanned, quantity } = answer.parcel;
      say({ kind: "right", text: `Right: ${count(scanned)} of ${count(quantity)}.` });
    } else {
      say(saidOf(answer.error, isHere ? "" : `Parcel ${shortCode(answer.scan.orderId)}: `));
      void queries.invalidateQueries({ queryKey: key });
    }
  }

  const parcel =
    reading.data && withWaiting(reading.data, waiting.filter(({ code }) => code === reading.data?.barcode).length);

  async function scan(code: string): Promise<void> {
    const sent = await scanQueue.add({ scanId: crypto.randomUUID(), orderId, code, by: userId });
    // Without an answer the device judges by what it knows, and the shop counts later.
    if (sent === "answered" || !parcel) return;
    const isRight = code === parcel.barcode && parcel.scanned < parcel.quantity;
    const after = `${count(parcel.scanned + 1)} of ${count(parcel.quantity)}`;
    const wrong = code === parcel.barcode ? "The parcel has all its units." : "This is not what the parcel needs.";
    const more = `Put this unit back: the scanner read ${code}.`;
    say(
      isRight ? { kind: "right", text: `Right: ${after}, kept on this device.` } : { kind: "wrong", text: wrong, more },
    );
  }

  return {
    parcel,
    said,
    waiting: waiting.length,
    error: reading.error,
    again: reading.refetch,
    scan,
    handOver,
    short,
    takeOver: () => starting.mutate(true),
  };
}

function saidOf({ code, title, detail, message }: Refused, where = ""): Said {
  if (code === "picked_by_other") {
    return {
      kind: "wrong",
      text: `${where}${where ? "another" : "Another"} person picks this parcel.`,
      more: "Go on with yours, or take it over.",
    };
  }
  return { kind: "wrong", text: where + (title ? `${title}.` : message), ...(title && { more: detail }) };
}

/** Scans that wait here count as the shop will count them. */
function withWaiting(parcel: Parcel, right: number): Parcel {
  if (right === 0 || !["to_pick", "picking"].includes(parcel.state)) return parcel;
  const scanned = Math.min(parcel.quantity, parcel.scanned + right);
  return { ...parcel, scanned, state: scanned === parcel.quantity ? "picked" : "picking" };
}
