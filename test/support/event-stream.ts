/** Reads server-sent events as a browser does, and keeps them. */
import { type IncomingMessage, request } from "node:http";
import { eventually } from "./eventually.ts";

// biome-ignore lint/suspicious/noExplicitAny: the tests check the content of events.
export type ServerEvent = { id: string; event: string; data: any };

export type EventReader = {
  status: number;
  headers: IncomingMessage["headers"];
  /** The body, if it is not a stream. */
  readonly text: string;
  readonly events: readonly ServerEvent[];
  readonly ended: boolean;
  untilEnded(): Promise<void>;
  leave(): void;
};

export function readEvents(url: string, headers: Record<string, string>): Promise<EventReader> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent: false, headers: { accept: "text/event-stream", ...headers } }, (response) => {
      const events: ServerEvent[] = [];
      let text = "";
      let unread = "";
      let ended = false;
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
        const blocks = (unread + chunk).split("\n\n");
        unread = blocks.pop() ?? "";
        for (const block of blocks) {
          const event = eventOf(block);
          if (event) events.push(event);
        }
      });
      response.on("close", () => {
        ended = true;
      });
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        events,
        get text() {
          return text;
        },
        get ended() {
          return ended;
        },
        untilEnded: async () => void (await eventually(() => ended)),
        leave: () => void response.destroy(),
      });
    });
    asked.on("error", reject);
    asked.end();
  });
}

/** A block of comments only, such as a heartbeat, is not an event. */
function eventOf(block: string): ServerEvent | undefined {
  const fields = new Map(block.split("\n").map((line) => line.split(/: ?(.*)/s) as [string, string]));
  const data = fields.get("data");
  return data === undefined
    ? undefined
    : { id: fields.get("id") ?? "", event: fields.get("event") ?? "message", data: JSON.parse(data) };
}
