/**
 * Follows one order live. It counts the events that it has seen, and every connection asks for the later ones, so that a
 * cut stream neither loses nor repeats an event. If streams do not get through, it reads the order instead.
 */
import { api, type Order, type Problem, problemOf, send } from "./api.ts";
import { isMoneyOnItsWay } from "./order-state.ts";

export type Entry = Order["timeline"][number];
export type Following = {
  onOrder(order: Order): void;
  onProblem(problem: Problem): void;
  /** Whether events arrive at the moment. */
  onConnection(isLive: boolean): void;
};

const finals = ["CONFIRMED", "FAILED", "CANCELLED", "REFUNDED"];
const hiddenForMs = 30_000;
/** The server writes a comment every 15 s: after twice of it nothing comes any more. */
const silentAfterMs = 35_000;
const againAfterMs = 1_000;
const longestPauseMs = 10_000;

export function isFinal({ status }: Pick<Order, "status">): boolean {
  return finals.includes(status);
}

export type Followed = {
  /** The answer to an act on the order. News that came before it may be of later things. */
  hear(order: Order): void;
  end(): void;
};

export function followOrder(orderId: string, { onOrder, onProblem, onConnection }: Following): Followed {
  let order: Order | undefined;
  let over = false;
  let connection: AbortController | undefined;
  let wake = () => {};
  let hiding: ReturnType<typeof setTimeout> | undefined;
  let hiddenAtMs: number;

  const onVisibility = () => {
    clearTimeout(hiding);
    if (document.hidden) {
      hiddenAtMs = Date.now();
      hiding = setTimeout(() => connection?.abort(), hiddenForMs);
      return;
    }
    // A device that slept kept its timers still, and its connection leads nowhere.
    if (Date.now() - hiddenAtMs > hiddenForMs) connection?.abort();
    wake();
  };
  document.addEventListener("visibilitychange", onVisibility);
  void follow();

  async function follow(): Promise<void> {
    for (let failures = 0; !over; ) {
      if (document.hidden && failures > 0) await woken();
      const known = order;
      const read = await api.order(orderId);
      if (over) return;
      if (!read.ok) onProblem(read.problem);
      // An act was answered meanwhile: its answer is newer.
      else if (order === known) tell(read.body);
      const isEnded = order && isFinal(order) && !isMoneyOnItsWay(order);
      // A person who is signed out may sign in again in another tab.
      if (over || isEnded || (!read.ok && read.problem.status === 404)) return onConnection(false);
      if (read.ok && order && (await listen(order))) failures = 0;
      failures += 1;
      onConnection(false);
      await woken(Math.min(againAfterMs * failures, longestPauseMs));
    }
  }

  /** Listens until the stream ends; answers whether it had begun. */
  async function listen(known: Order): Promise<boolean> {
    connection = new AbortController();
    const { signal } = connection;
    let silence = setTimeout(() => connection?.abort(), silentAfterMs);
    let begun = false;
    try {
      const headers = { accept: "text/event-stream", "last-event-id": String(known.timeline.length) };
      const response = await send("followOrder", { id: orderId, headers, signal });
      if (response.status !== 200 || !response.body) {
        if (!response.ok) onProblem(await problemOf(response));
        return false;
      }
      begun = true;
      onConnection(true);
      for await (const event of eventsOf(response.body, () => {
        clearTimeout(silence);
        silence = setTimeout(() => connection?.abort(), silentAfterMs);
      })) {
        take(event);
      }
    } catch {
      // Cut, silent, or hidden: asked again from where it was.
    } finally {
      clearTimeout(silence);
    }
    return begun;
  }

  function take({ id, data }: ServerEvent): void {
    if (!order || id <= order.timeline.length) return;
    // One is missing in between: all is read anew.
    if (id > order.timeline.length + 1) {
      connection?.abort();
      return;
    }
    const entry = JSON.parse(data) as Entry & Pick<Order, "extendable">;
    const { status, reason, payBy, extendable } = entry;
    const isStatus = !status.startsWith("PAYMENT_") || status === "PAYMENT_PENDING";
    tell({
      ...order,
      timeline: [...order.timeline, entry],
      ...(isStatus && { status, ...(reason && { reason }) }),
      // With the deadline comes whether it can be extended, and without it the known state of the latest attempt to pay is old.
      ...(payBy ? { payBy, extendable } : { payment: undefined }),
    } as Order);
  }

  function tell(next: Order): void {
    if (over) return;
    order = next;
    onOrder(next);
  }

  function woken(withinMs?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = withinMs === undefined ? undefined : setTimeout(resolve, withinMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  return {
    hear(answer) {
      if (order && answer.timeline.length >= order.timeline.length) tell(answer);
    },
    end() {
      over = true;
      clearTimeout(hiding);
      document.removeEventListener("visibilitychange", onVisibility);
      connection?.abort();
      wake();
    },
  };
}

export type ServerEvent = { id: number; data: string };

/** The events of a stream as the HTML standard has them, as far as ours use it. */
export async function* eventsOf(body: ReadableStream<Uint8Array>, onBytes: () => void): AsyncGenerator<ServerEvent> {
  const reader = body
    .pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>)
    .getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    onBytes();
    text += value;
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const fields = new Map(block.split("\n").map((line) => splitField(line)));
      const data = fields.get("data");
      if (data !== undefined) yield { id: Number(fields.get("id")), data };
    }
  }
}

function splitField(line: string): [string, string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon), line.slice(colon + 1).trimStart()];
}
