/** HTTP by hand: the bytes are sent unchanged, for requests that no client library would send. */
import { connect, type Socket } from "node:net";

export type RawAnswer = { status: number; headers: Readonly<Record<string, string>>; body: string };

export type Conversation = {
  readonly socket: Socket;
  /** Whole answers so far; one without an end, such as a stream, counts from its headers on. */
  readonly answers: readonly RawAnswer[];
  readonly closed: boolean;
  send(bytes: string | Buffer): void;
  /** Resolves once so many answers have come, or the server has closed. @throws Error if neither happens in time. */
  until(count: number, withinMs?: number): Promise<readonly RawAnswer[]>;
  untilClosed(withinMs?: number): Promise<readonly RawAnswer[]>;
  leave(): void;
};

const hangsAfterMs = 60_000;

export function talkTo(origin: string): Conversation {
  const { hostname, port } = new URL(origin);
  const socket = connect({ host: hostname, port: Number(port) });
  const answers: RawAnswer[] = [];
  let unread = "";
  let closed = false;
  let isHead = false;
  let wake: () => void = () => {};
  socket.setEncoding("latin1");
  socket.on("data", (text: string) => {
    unread += text;
    for (let next = readAnswer(unread, isHead); next; next = readAnswer(unread, isHead)) {
      unread = unread.slice(next.length);
      if (next.answer.status >= 200) answers.push(next.answer);
    }
    wake();
  });
  // A server that cuts the connection while we still send may reset it; that counts as an end.
  socket.on("error", () => {});
  socket.on("close", () => {
    closed = true;
    wake();
  });

  function waitFor(what: string, isThere: () => boolean, withinMs: number): Promise<readonly RawAnswer[]> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        socket.destroy();
        reject(
          new Error(`${what} did not come within ${withinMs} ms; unread: ${JSON.stringify(unread.slice(0, 200))}`),
        );
      }, withinMs);
      wake = () => {
        if (!isThere()) return;
        clearTimeout(timer);
        resolve(answers);
      };
      wake();
    });
  }

  return {
    socket,
    answers,
    get closed() {
      return closed;
    },
    send(bytes) {
      isHead ||= bytes.toString("latin1").startsWith("HEAD ");
      socket.write(bytes, "latin1");
    },
    until: (count, withinMs = hangsAfterMs) =>
      waitFor(`answer ${count}`, () => closed || answers.length >= count, withinMs),
    untilClosed: (withinMs = hangsAfterMs) => waitFor("the end", () => closed, withinMs),
    leave: () => void socket.destroy(),
  };
}

/** Sends one request on a connection of its own and returns the first answer, or none if it was cut off. */
export async function ask(origin: string, bytes: string | Buffer, withinMs?: number): Promise<RawAnswer | undefined> {
  const conversation = talkTo(origin);
  conversation.send(bytes);
  const [answer] = await conversation.until(1, withinMs);
  conversation.leave();
  return answer;
}

/** The UTF-8 bytes of `text`, each as a character: as a latin1 request carries them. */
export function utf8(text: string): string {
  return Buffer.from(text).toString("latin1");
}

function readAnswer(text: string, isHead: boolean): { answer: RawAnswer; length: number } | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [first = "", ...lines] = text.slice(0, end).split("\r\n");
  const headers = Object.fromEntries(lines.map((line) => [line.split(":", 1)[0]?.toLowerCase(), headerValueOf(line)]));
  const status = Number(first.split(" ")[1]);
  const begin = end + 4;
  const whole = (body: string, length: number) => ({ answer: { status, headers, body: fromUtf8(body) }, length });
  if (isHead || status < 200 || status === 204 || status === 304) return whole("", begin);
  if (headers["content-type"]?.startsWith("text/event-stream")) return whole("", text.length);
  if (headers["transfer-encoding"] === "chunked") {
    const last = text.indexOf("0\r\n\r\n", begin);
    return last < 0 ? undefined : whole(joined(text.slice(begin, last)), last + 5);
  }
  const length = Number(headers["content-length"] ?? 0);
  return text.length < begin + length ? undefined : whole(text.slice(begin, begin + length), begin + length);
}

function joined(chunks: string): string {
  return chunks.replaceAll(/(?:^|\r\n)[0-9a-f]+\r\n/gi, "").replace(/\r\n$/, "");
}

function headerValueOf(line: string): string {
  return line.slice(line.indexOf(":") + 1).trim();
}

function fromUtf8(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString();
}
