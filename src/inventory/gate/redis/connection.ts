/**
 * One connection to Redis, all commands in one pipeline. Nothing is queued while it is down and nothing is sent twice:
 * a call whose answer does not come has an unknown outcome, and its caller has to know that.
 */
import { ErrorReply } from "@redis/client";
import { GateUnavailable } from "../gate.ts";
import type { RedisServer } from "./server.ts";

/** What a command was answered; of the commands sent together one may fail and the others not. */
export type Reply = unknown | ErrorReply;

/** To one process of a Redis server, from its connect to its end: what outlasts a connection is nothing. */
export type Connection = {
  readonly server: RedisServer;
  /**
   * Sends commands in one go; answers in their order.
   * @throws GateUnavailable when the answers do not come within the time, or cannot; at once where the server
   *   has owed an older answer for that long.
   */
  send(operation: string, commands: readonly (readonly string[])[], withinMs: number): Promise<Reply[]>;
};

export type EndingConnection = Connection & {
  /** Fulfils with the reason. */
  ended: Promise<Error>;
  end(why: Error): void;
};

/** What is used of the client: it rejects all that is unanswered when it is destroyed or loses its socket. */
export type Client = { sendCommand(args: readonly string[]): Promise<unknown>; isOpen: boolean; destroy(): void };

export type ConnectionOptions = {
  client: Client;
  server: RedisServer;
  /** Fulfils when the client lost its socket. */
  lost: Promise<Error>;
  /** After how long without any answer the connection ends, milliseconds. */
  timeoutMs: number;
};

export function createConnection({ client, server, lost, timeoutMs }: ConnectionOptions): EndingConnection {
  const { promise: ended, resolve } = Promise.withResolvers<Error>();
  let owed = 0;
  let lastAnswerMs = 0;
  /** A call was given up, and nothing was answered since. */
  let silent = false;
  let endedBy: Error | undefined;

  const owedForMs = () => (owed === 0 ? 0 : performance.now() - lastAnswerMs);

  function end(why: Error): void {
    endedBy ??= why;
    resolve(why);
    if (client.isOpen) client.destroy();
  }

  async function ask(command: readonly string[]): Promise<Reply> {
    try {
      return await client.sendCommand(command);
    } catch (error) {
      if (!(error instanceof ErrorReply)) throw error;
      // It became a replica, or lost its data and reads them anew: the next connection finds out what it is now.
      if (/^(READONLY|MASTERDOWN|LOADING) /.test(error.message)) end(error);
      return error;
    } finally {
      owed -= 1;
      lastAnswerMs = performance.now();
      silent = false;
    }
  }

  function send(operation: string, commands: readonly (readonly string[])[], withinMs: number): Promise<Reply[]> {
    const quietMs = silent ? owedForMs() : 0;
    if (quietMs >= timeoutMs) end(new Error(`no answer for ${Math.round(quietMs)} ms`));
    if (endedBy) return Promise.reject(new GateUnavailable(operation, endedBy));
    if (quietMs >= withinMs) {
      return Promise.reject(
        new GateUnavailable(operation, new Error(`an answer is owed for ${Math.round(quietMs)} ms`)),
      );
    }
    if (owed === 0) lastAnswerMs = performance.now();
    owed += commands.length;
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      let settled = false;
      function giveUp(): void {
        if (settled) return;
        silent = true;
        reject(new GateUnavailable(operation, new Error(`no answer within ${withinMs} ms`)));
        if (owedForMs() >= timeoutMs) end(new Error(`no answer for ${timeoutMs} ms`));
      }
      Promise.all(commands.map(ask))
        .then(resolve, (error) => reject(new GateUnavailable(operation, error)))
        .finally(() => {
          settled = true;
          clearImmediate(sent);
          clearTimeout(timer);
        });
      // In the rush of a sale it is this process that is late, not Redis. So the time begins when the commands have
      // left, at the end of this turn of the loop, and ends after what has come meanwhile was read.
      const sent = setImmediate(() => {
        timer = setTimeout(() => setImmediate(giveUp), withinMs);
      });
    });
  }

  lost.then(end);
  return { server, send, ended, end };
}
