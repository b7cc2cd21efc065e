/** A connection to PostgreSQL that loses what a test tells it to lose. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import pg from "pg";

export type FaultyLink = {
  url: string;
  /** Delivers the next request that holds `marker`, and nothing of its answer: it cuts the connection, or is silent. */
  loseAnswerTo(marker: string, how: "cut" | "silent"): void;
  /** Cuts every connection and refuses new ones. */
  down(): Promise<void>;
  up(): Promise<void>;
  close(): Promise<void>;
};

export async function openFaultyLink(url: string): Promise<FaultyLink> {
  const { host, port } = new pg.Client({ connectionString: url });
  const target = host.startsWith("/") ? { path: join(host, `.s.PGSQL.${port}`) } : { host, port };
  const sockets = new Set<Socket>();
  let fault: { marker: string; how: "cut" | "silent" } | undefined;

  const server = createServer((client) => {
    const upstream = connect(target);
    let losing: "cut" | "silent" | undefined;
    client.on("data", (bytes) => {
      if (fault && bytes.includes(fault.marker)) {
        losing = fault.how;
        fault = undefined;
      }
      upstream.write(bytes);
    });
    upstream.on("data", (bytes) => {
      if (losing === "cut") client.destroy();
      else if (losing !== "silent") client.write(bytes);
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.on("error", () => {});
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });

  async function up(at = 0): Promise<number> {
    server.listen(at, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as { port: number }).port;
  }

  async function down(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  const ownPort = await up();
  const address = new URL(url);
  address.searchParams.delete("host");
  address.hostname = "127.0.0.1";
  address.port = String(ownPort);
  return {
    url: address.href,
    loseAnswerTo(marker, how) {
      fault = { marker, how };
    },
    down,
    async up() {
      await up(ownPort);
    },
    close: down,
  };
}
