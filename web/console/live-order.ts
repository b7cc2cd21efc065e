/** Follows one order live: each event of its stream is news of it. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { isMoneyOnItsWay } from "../lib/order-state.ts";
import { isFinal } from "../lib/stream.ts";
import { api } from "./api.ts";

/** An event as the stream sent it. */
export type RawEvent = { id: string; type: string; data: string };

const againAfterMs = 2_000;
const lookEveryMs = 2_000;

/** The order, the events of this look, and whether more of them arrive by themselves. */
export function useLiveOrder(orderId: string) {
  const queries = useQueryClient();
  const [events, setEvents] = useState<readonly RawEvent[]>([]);
  const [isLive, setIsLive] = useState(false);
  const order = useQuery({
    queryKey: ["order", orderId],
    queryFn: () => api.order(orderId),
    // The stream tells of the order, and after a refund the money is still on its way.
    refetchInterval: ({ state }) => (state.data && isMoneyOnItsWay(state.data) ? lookEveryMs : false),
  });
  const isRefunded = order.data?.status === "REFUNDED";

  // The stream ends with the order. A confirmed one that is refunded has another end, and so another stream.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a refund begins another stream.
  useEffect(() => {
    let source: EventSource | undefined;
    let again: ReturnType<typeof setTimeout> | undefined;
    let isLeft = false;

    function take({ type, data, lastEventId: id }: MessageEvent<string>): void {
      setEvents((before) => {
        const isKnown = before.some((event) => event.id === id && event.type === type);
        return isKnown ? before : [...before, { id, type, data }];
      });
      void queries.invalidateQueries({ queryKey: ["order", orderId] });
    }

    function open(): void {
      source = new EventSource(`/orders/${encodeURIComponent(orderId)}/events`);
      source.onopen = () => setIsLive(true);
      for (const type of ["snapshot", "status"]) source.addEventListener(type, take);
      source.onerror = async () => {
        setIsLive(false);
        if (source?.readyState !== EventSource.CLOSED) return;
        // Refused: the read renews the session, and says whether the order has ended.
        const read = await order.refetch();
        if (!isLeft && read.data && !isFinal(read.data)) again = setTimeout(open, againAfterMs);
      };
    }

    open();
    return () => {
      isLeft = true;
      clearTimeout(again);
      source?.close();
      setIsLive(false);
    };
  }, [orderId, isRefunded]);

  return { order, events, isLive };
}
