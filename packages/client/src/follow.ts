/** Follows an order by server-sent events, and goes on where a connection was lost. */

/** One state that the order took. The first event of `follow` is the order as it is then. */
export type OrderEvent = { status: string; at?: string; reason?: string | null; orderId: string };

export type FollowOptions = {
  baseUrl: string;
  headers: Record<string, string>;
  orderId: string;
  signal: AbortSignal | undefined;
};

const pauseMs = 1_000;

/** @throws Error if the order does not exist or is not the caller's. */
export async function* followOrder({
  baseUrl,
  headers,
  orderId,
  signal,
}: FollowOptions): AsyncGenerator<OrderEvent, void> {
  const url = `${baseUrl}/orders/${encodeURIComponent(orderId)}/events`;
  for (let lastEventId = ""; ; ) {
    const resume = lastEventId === "" ? {} : { "last-event-id": lastEventId };
    const asked = { headers: { ...headers, ...resume, accept: "text/event-stream" }, ...(signal && { signal }) };
    const response = await fetch(url, asked).catch(unlessAborted(signal));
    // The order has ended, and every event of it was read.
    if (response?.status === 204) return;
    if (response && response.status >= 400 && response.status < 500 && response.status !== 429) {
      throw new Error(`order ${orderId} cannot be followed: ${await response.text()}`);
    }
    if (response?.ok && response.body) {
      try {
        for await (const event of eventsOf(response.body)) {
          lastEventId = event.id;
          yield JSON.parse(event.data) as OrderEvent;
        }
      } catch (error) {
        unlessAborted(signal)(error);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    signal?.throwIfAborted();
  }
}

/** A lost connection is opened again; an abort by the caller ends the loop. */
function unlessAborted(signal: AbortSignal | undefined) {
  return (error: unknown): undefined => {
    if (signal?.aborted) throw error;
    return undefined;
  };
}

async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<{ id: string; data: string }, void> {
  const reader = body.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>).getReader();
  let unread = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (unread + value).split("\n\n");
    unread = blocks.pop() ?? "";
    for (const block of blocks) {
      const fields = new Map(block.split("\n").map((line) => line.split(/: ?(.*)/s) as [string, string]));
      const data = fields.get("data");
      if (data !== undefined) yield { id: fields.get("id") ?? "", data };
    }
  }
}
