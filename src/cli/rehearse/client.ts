/** Sends the requests of a rehearsal: as any client does, cut off after sending, or sent slowly. */
import { Agent, request as httpRequest } from "node:http";
import { request as httpsRequest, Agent as TlsAgent } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { isManagementPath } from "#platform/management";

export type Answer = { status: number; body: Record<string, unknown>; retryAfterMs: number | undefined };
export type Sending = {
  headers?: Readonly<Record<string, string>>;
  /** `cut`: the connection is closed as soon as the request is sent. `slow`: the body comes in two parts. */
  how?: "cut" | "slow";
};

/** undefined: no answer came, so the caller cannot know what became of the request. */
export type Person = (method: string, path: string, body?: unknown, sending?: Sending) => Promise<Answer | undefined>;

export type Client = {
  as(token: string): Person;
  /** Opens a stream, reads nothing of it for a while, and leaves. */
  readSlowly(token: string, path: string): Promise<void>;
  close(): void;
};

const answerWithinMs = 10_000;
const slowPartMs = 300;
const unreadMs = 1_000;

/** `management`: the address that answers /admin, if the shop has a port of its own for it. */
export function createClient(base: string, management: string): Client {
  const isTls = base.startsWith("https:");
  const agent = new (isTls ? TlsAgent : Agent)({ keepAlive: true });
  const send = isTls ? httpsRequest : httpRequest;

  const as =
    (token: string): Person =>
    (method, path, body, { headers = {}, how } = {}) =>
      new Promise((resolve) => {
        const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
        const length = bytes ? { "content-type": "application/json", "content-length": String(bytes.length) } : {};
        const all = { authorization: `Bearer ${token}`, ...length, ...headers };
        // A connection that is cut is one of its own: it must not take the requests of others with it.
        const connection = how === "cut" ? false : agent;
        const url = `${isManagementPath(path) ? management : base}${path}`;
        const request = send(url, { method, headers: all, agent: connection, timeout: answerWithinMs });
        request.on("timeout", () => request.destroy());
        request.on("error", () => resolve(undefined));
        request.on("close", () => resolve(undefined));
        request.on("response", (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", () => resolve(undefined));
          response.on("end", () => {
            const seconds = Number(response.headers["retry-after"]);
            const retryAfterMs = Number.isFinite(seconds) ? seconds * 1_000 : undefined;
            resolve({ status: response.statusCode ?? 0, body: parsed(Buffer.concat(chunks)), retryAfterMs });
          });
        });
        if (how === "slow" && bytes) void inParts(request, bytes);
        else request.end(bytes, () => how === "cut" && request.destroy());
      });

  return {
    as,
    async readSlowly(token, path) {
      const request = send(`${base}${path}`, { headers: { authorization: `Bearer ${token}` } });
      request.on("error", () => {});
      request.on("response", (response) => response.pause());
      request.end();
      await sleep(unreadMs);
      request.destroy();
    },
    close: () => agent.destroy(),
  };
}

async function inParts(request: ReturnType<typeof httpRequest>, bytes: Buffer): Promise<void> {
  const half = bytes.length >> 1;
  request.write(bytes.subarray(0, half));
  await sleep(slowPartMs);
  request.end(bytes.subarray(half));
}

function parsed(bytes: Buffer): Record<string, unknown> {
  try {
    return JSON.parse(bytes.toString()) as Record<string, unknown>;
  } catch {
    return {};
  }
}
