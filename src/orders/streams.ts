/**
 * Sends the server-sent events of one order: its present state, then its changes. One look at the books serves every
 * open stream, at once after a change in this process and twice a second otherwise. It reads only the orders that
 * changed, so idle streams cost nothing.
 */
import type { ServerResponse } from "node:http";
import { startLoop } from "#platform/loop";
import type { Changes } from "./changes.ts";
import type { Look, SeenOrder } from "./look.ts";
import { isFinal } from "./state.ts";
import { viewOf } from "./view.ts";

export type Streams = {
  /**
   * Writes into a response that `openEventStream` began; `lastEventId` is the number of timeline entries that the
   * reader has.
   */
  open(order: SeenOrder, lastEventId: number, response: ServerResponse): void;
  stop(): Promise<void>;
};

/** The calls that streams make to the orders. */
export type WatchedOrders = Pick<Look, "readMany"> & {
  onChange(listener: () => void): () => void;
  changesSince(position: string | undefined): Promise<Changes>;
};

type Stream = {
  orderId: string;
  seen: number;
  response: ServerResponse;
  /** To be read at the next look, changed or not: it was read before the stream opened, or is not in the books yet. */
  isUnsure: boolean;
};

const lookEveryMs = 500;
const heartbeatEveryMs = 15_000;
/** A reader with more unread bytes is disconnected, because streams never wait. */
const maxUnreadBytes = 64 * 1024;

export function createStreams(orders: WatchedOrders, onFault: (what: string, error: unknown) => void): Streams {
  const open = new Set<Stream>();
  let position: string | undefined;
  let stopped = false;
  const loop = startLoop({ everyMs: lookEveryMs, work: tellAll, onFault: (error) => onFault("streams", error) });
  const stopListening = orders.onChange(() => open.size > 0 && loop.nudge());
  const heartbeat = setInterval(() => {
    for (const stream of open) write(stream, ": still here\n\n");
  }, heartbeatEveryMs);

  async function tellAll(): Promise<void> {
    if (open.size === 0) return;
    const changes = await orders.changesSince(position);
    const { orderIds } = changes;
    const concerned = [...open].filter(
      ({ orderId, isUnsure }) => isUnsure || orderIds === "many" || orderIds.has(orderId),
    );
    if (concerned.length > 0) {
      const rows = await orders.readMany([...new Set(concerned.map(({ orderId }) => orderId))]);
      const byId = new Map(rows.map((order) => [order.orderId, order]));
      for (const stream of concerned) {
        const order = byId.get(stream.orderId);
        stream.isUnsure = order === undefined;
        if (order) tell(stream, order);
      }
    }
    // Only now, because orders that could not be read are looked up again.
    position = changes.position;
  }

  function tell(stream: Stream, order: SeenOrder): void {
    for (; stream.seen < order.timeline.length; stream.seen += 1) {
      const entry = order.timeline[stream.seen];
      write(stream, eventText(stream.seen + 1, "status", { orderId: order.orderId, ...entry }));
    }
    if (isFinal(order.status)) end(stream);
  }

  function write(stream: Stream, text: string): void {
    stream.response.write(text);
    if (stream.response.writableLength > maxUnreadBytes) end(stream, true);
  }

  function end(stream: Stream, cut = false): void {
    open.delete(stream);
    if (cut) stream.response.destroy();
    else stream.response.end();
  }

  return {
    open(order, lastEventId, response) {
      const seen = Math.min(lastEventId, order.timeline.length);
      const stream: Stream = { orderId: order.orderId, seen, response, isUnsure: true };
      response.on("close", () => open.delete(stream));
      open.add(stream);
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
      for (const stream of open) end(stream);
      await loop.stop();
    },
  };
}

function eventText(id: number, event: string, data: unknown): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
