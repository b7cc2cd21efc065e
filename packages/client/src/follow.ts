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
/** The server writes a comment every 15 s: after twice of it nothing comes any more. */
const silentAfterMs = 35_000;

/** @throws Error if the order does not exist or is not the caller's, and the signal's reason once it is aborted. */
export async function* followOrder({
  baseUrl,
  headers,
  orderId,
  signal,
}: FollowOptions): AsyncGenerator<OrderEvent, void> {
  const url = `${baseUrl}/orders/${encodeURIComponent(orderId)}/events`;
  for (let lastEventId = ""; ; ) {
    signal?.throwIfAborted();
    const connection = new AbortController();
    const cut = () => connection.abort();
    signal?.addEventListener("abort", cut);
    let refusal: string | undefined;
    try {
      const resume = lastEventId === "" ? {} : { "last-event-id": lastEventId };
      const asked = { ...headers, ...resume, accept: "text/event-stream" };
      const response = await orCut(fetch(url, { headers: asked, signal: connection.signal }), cut);
      // The order has ended, and every event of it was read.
      if (response.status === 204) return;
      if (response.status >= 400 && response.status < 500 && response.status !== 429) {
        refusal = await orCut(response.text(), cut);
      } else if (response.ok && response.body) {
        for await (const event of eventsOf(response.body, cut)) {
          lastEventId = event.id;
          yield JSON.parse(event.data) as OrderEvent;
        }
      }
    } catch {
      // Lost or silent: it is opened again.
    } finally {
      // Also when the caller leaves the loop: an open connection would keep their process from ending.
      cut();
      signal?.removeEventListener("abort", cut);
    }
    if (refusal !== undefined) throw new Error(`order ${orderId} cannot be followed: ${refusal}`);
    await pauseUnlessAborted(signal);
  }
}

/** Not while the caller works on an event: then nothing is read, and so the connection seems silent. */
async function orCut<T>(awaited: Promise<T>, cut: () => void): Promise<T> {
  const timer = setTimeout(cut, silentAfterMs);
  try {
    return await awaited;
  } finally {
    clearTimeout(timer);
  }
}

function pauseUnlessAborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const goOn = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", goOn);
      resolve();
    };
    const timer = setTimeout(goOn, signal?.aborted ? 0 : pauseMs);
    signal?.addEventListener("abort", goOn);
  });
}

async function* eventsOf(
  body: ReadableStream<Uint8Array>,
  cut: () => void,
): AsyncGenerator<{ id: string; data: string }, void> {
  const reader = body.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>).getReader();
  let unread = "";
  for (;;) {
    const { done, value } = await orCut(reader.read(), cut);
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
