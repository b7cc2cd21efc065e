/**
 * Sends the server-sent events of one order: its present state, then its changes. A change in this process is reported
 * at once. One look at the books for all open streams, twice a second, finds the changes of other processes. It reads
 * only orders that changed and have entries that a reader has not seen, so idle streams cost nothing.
 */
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { elapsedMs } from "#platform/clock";
import { startLoop } from "#platform/loop";
import type { Changes } from "./books/changes.ts";
import type { Look, SeenOrder } from "./look.ts";
import { isFinal } from "./state.ts";
import { viewOf } from "./view.ts";

export type Streams = {
  /**
   * Writes into a response that `openEventStream` began; `lastEventId` is the number of the order's timeline entries that
   * the reader has, and 0 gets a snapshot. The stream ends once `mayRead` is false: nothing that happens afterwards is told.
   */
  open(order: SeenOrder, lastEventId: number, response: ServerResponse, mayRead: () => boolean): void;
  stop(): Promise<void>;
};

/** The calls that streams make to the orders. */
export type WatchedOrders = Pick<Look, "readNews"> & {
  onChange(listener: (order?: SeenOrder) => void): () => void;
  changesSince(position: string | undefined): Promise<Changes>;
};

type Stream = { orderId: string; seen: number; response: ServerResponse; mayRead(): boolean };

const lookEveryMs = 500;
/** A busy process is nudged hundreds of times a second: its looks follow each other after this pause. */
const pauseMs = 25;
/**
 * An order that becomes void changes no row of an order, so the orders that are not in the books are asked for again. Shorter
 * than the pause between two looks.
 */
const askUnsettledEveryMs = 400;
/** Orders that one look reads; the rest follows in the next look, so that requests are answered in between. */
const ordersAtOnce = 2_000;
const heartbeatEveryMs = 15_000;
/** A reader with more unread bytes is disconnected, because streams never wait. */
const maxUnreadBytes = 64 * 1024;

export function createStreams(orders: WatchedOrders, onFault: (what: string, error: unknown) => void): Streams {
  const streamsOf = new Map<string, Set<Stream>>();
  /** Orders to be read: they changed, or were read before their stream was opened. */
  const due = new Set<string>();
  /** Watched orders that were not in the books at the last look. */
  const unsettled = new Set<string>();
  let unsettledAskedAtMs = 0;
  let position: string | undefined;
  let stopped = false;
  const loop = startLoop({ everyMs: lookEveryMs, work: look, onFault: (error) => onFault("streams", error) });
  const stopListening = orders.onChange((order) => {
    if (order) tellAll(order);
    else if (streamsOf.size > 0) loop.nudge();
  });
  const heartbeat = setInterval(() => {
    for (const stream of allStreams()) write(stream, ": still here\n\n");
  }, heartbeatEveryMs);

  /** Answers whether orders are left to be read. */
  async function look(): Promise<boolean> {
    // The first stream after a time without any begins with a new position.
    if (streamsOf.size === 0) {
      position = undefined;
      due.clear();
      unsettled.clear();
      return false;
    }
    await lookAtBooks();
    return due.size > 0;
  }

  async function lookAtBooks(): Promise<void> {
    const changes = await orders.changesSince(position);
    for (const orderId of changes.orderIds === "many" ? streamsOf.keys() : changes.orderIds) meet(orderId);
    // What changed is due until it is read, so the next look need not find it again.
    position = changes.position;
    if (due.size === 0 && elapsedMs() - unsettledAskedAtMs >= askUnsettledEveryMs) {
      unsettledAskedAtMs = elapsedMs();
      for (const orderId of unsettled) meet(orderId);
      unsettled.clear();
    }
    if (due.size > 0) await readDue();
    if (!stopped) await sleep(pauseMs);
  }

  function meet(orderId: string): void {
    if (streamsOf.has(orderId)) due.add(orderId);
  }

  async function readDue(): Promise<void> {
    const orderIds = [...due].slice(0, ordersAtOnce);
    // Before they are read: what becomes due during the reading is read again.
    for (const orderId of orderIds) due.delete(orderId);
    const asked = orderIds
      .filter((orderId) => streamsOf.has(orderId))
      .map((orderId) => ({ orderId, seen: seenOf(orderId) }));
    if (asked.length === 0) return;
    try {
      const news = await orders.readNews(asked);
      for (const orderId of news.unsettled) unsettled.add(orderId);
      for (const order of news.orders) tellAll(order);
    } catch (error) {
      for (const { orderId } of asked) meet(orderId);
      throw error;
    }
  }

  function seenOf(orderId: string): number {
    return Math.min(...[...(streamsOf.get(orderId) ?? [])].map(({ seen }) => seen));
  }

  function allStreams(): Stream[] {
    return [...streamsOf.values()].flatMap((streams) => [...streams]);
  }

  function tellAll(order: SeenOrder): void {
    for (const stream of streamsOf.get(order.orderId) ?? []) tell(stream, order);
  }

  function tell(stream: Stream, order: SeenOrder): void {
    for (; stream.seen < order.timeline.length; stream.seen += 1) {
      const entry = order.timeline[stream.seen];
      const told = { orderId: order.orderId, ...(entry?.status === "PAYMENT_PENDING" && payableOf(order)), ...entry };
      write(stream, eventText(stream.seen + 1, "status", told));
    }
    if (isFinal(order.status)) end(stream);
  }

  function write(stream: Stream, text: string): void {
    if (!stream.mayRead()) {
      end(stream);
      return;
    }
    stream.response.write(text);
    if (stream.response.writableLength > maxUnreadBytes) cut(stream);
  }

  function end(stream: Stream): void {
    forget(stream);
    stream.response.end();
  }

  function cut(stream: Stream): void {
    forget(stream);
    stream.response.destroy();
  }

  function forget(stream: Stream): void {
    const streams = streamsOf.get(stream.orderId);
    streams?.delete(stream);
    if (streams?.size === 0) streamsOf.delete(stream.orderId);
  }

  return {
    open(order, lastEventId, response, mayRead) {
      const { orderId } = order;
      const stream: Stream = { orderId, seen: lastEventId, response, mayRead };
      response.on("close", () => forget(stream));
      const others = streamsOf.get(orderId);
      if (others) others.add(stream);
      else streamsOf.set(orderId, new Set([stream]));
      due.add(orderId);
      if (lastEventId === 0) {
        stream.seen = order.timeline.length;
        write(stream, `retry: 1000\n${eventText(stream.seen, "snapshot", viewOf(order))}`);
      }
      tell(stream, order);
      if (stopped) end(stream);
    },
    async stop() {
      stopped = true;
      clearInterval(heartbeat);
      stopListening();
      for (const stream of allStreams()) end(stream);
      await loop.stop();
    },
  };
}

/** A reader who knows the order from the gate knows neither the deadline of an order that is settled late, nor the offer of more time. */
function payableOf(order: SeenOrder) {
  const { payBy, extendable } = viewOf(order);
  return { payBy, extendable };
}

function eventText(id: number, event: string, data: unknown): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
