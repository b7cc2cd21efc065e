/** Follows the live board while its page is open, and keeps its latest two minutes for the charts. */
import { useEffect, useState } from "react";
import type { BoardView } from "#wire/board";
import { eventsOf } from "../lib/stream.ts";
import { askStream } from "./ask.ts";

export type Board = BoardView;

export type Following = {
  /** A board a second, the latest last. */
  boards: readonly Board[];
  isConnected: boolean;
  error: Error | null;
};

const keptBoards = 120;
const againAfterMs = 1_000;
/** The server writes each second: after this the connection is dead. */
const silentAfterMs = 10_000;

export function useBoard(): Following {
  const [following, setFollowing] = useState<Following>({ boards: [], isConnected: false, error: null });
  useEffect(() => {
    const page = new AbortController();
    const onBoard = (board: Board) =>
      setFollowing(({ boards }) => ({
        boards: [...boards, board].slice(-keptBoards),
        isConnected: true,
        error: null,
      }));
    const onEnd = (error: Error | null) => setFollowing(({ boards }) => ({ boards, isConnected: false, error }));
    void follow(page.signal, onBoard, onEnd);
    return () => page.abort();
  }, []);
  return following;
}

/** Listens until the page is left; after an end it begins again. */
async function follow(
  signal: AbortSignal,
  onBoard: (board: Board) => void,
  onEnd: (error: Error | null) => void,
): Promise<void> {
  const ended = await listen(signal, onBoard).then(
    () => null,
    (error: Error) => error,
  );
  if (signal.aborted) return;
  onEnd(ended);
  const again = setTimeout(() => void follow(signal, onBoard, onEnd), againAfterMs);
  signal.addEventListener("abort", () => clearTimeout(again), { once: true });
}

async function listen(signal: AbortSignal, onBoard: (board: Board) => void): Promise<void> {
  const connection = new AbortController();
  const cut = () => connection.abort();
  let silence = setTimeout(cut, silentAfterMs);
  try {
    const body = await askStream("followBoard", AbortSignal.any([signal, connection.signal]));
    for await (const { data } of eventsOf(body, () => {
      clearTimeout(silence);
      silence = setTimeout(cut, silentAfterMs);
    })) {
      onBoard(JSON.parse(data) as Board);
    }
  } finally {
    clearTimeout(silence);
  }
}
