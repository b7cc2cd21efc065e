/** Sends the live board to those who look at it: one event a second, made once for all of them. */
import type { ServerResponse } from "node:http";
import { startLoop } from "#platform/loop";
import type { Board } from "./board.ts";

export type BoardStreams = {
  /** Writes into a response that `openEventStream` began, as long as its reader may read it. */
  open(response: ServerResponse, mayRead: () => boolean): void;
  stop(): Promise<void>;
};

const everyMs = 1_000;
/** A reader with more unread bytes is disconnected, because streams never wait. */
const maxUnreadBytes = 64 * 1024;

export function createBoardStreams(board: Board, onFault: (what: string, error: unknown) => void): BoardStreams {
  const readers = new Map<ServerResponse, () => boolean>();
  const loop = startLoop({ everyMs, work: tell, onFault: (error) => onFault("the board's streams", error) });

  async function tell(): Promise<void> {
    // Whose session ended or whose role changed reads no further.
    for (const [response, mayRead] of readers) if (!mayRead()) end(response);
    if (readers.size === 0) return;
    const text = `event: board\ndata: ${JSON.stringify(await board.read())}\n\n`;
    for (const response of readers.keys()) {
      response.write(text);
      if (response.writableLength > maxUnreadBytes) {
        readers.delete(response);
        response.destroy();
      }
    }
  }

  function end(response: ServerResponse): void {
    readers.delete(response);
    response.end();
  }

  return {
    open(response, mayRead) {
      readers.set(response, mayRead);
      response.on("close", () => readers.delete(response));
      response.write("retry: 1000\n\n");
      loop.nudge();
    },
    async stop() {
      await loop.stop();
      for (const response of readers.keys()) end(response);
    },
  };
}
