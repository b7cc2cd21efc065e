/**
 * Opens one connection to Redis, with all commands in one pipeline. It queues nothing while it is down and sends
 * nothing twice: a call without an answer has an unknown outcome, and its caller has to know that.
 */
import { ErrorReply } from "@redis/client";
import { elapsedMs } from "#platform/clock";
import { afterAnswers } from "#platform/deadline";
import type { RedisServer } from "./server.ts";
import { RedisUnavailable } from "./unavailable.ts";

/** The answer to one command; of several commands sent together, one may fail alone. */
export type Reply = unknown | ErrorReply;

/** Lasts from connect to end and leads to one process of a Redis server. No state outlasts it. */
export type Connection = {
  readonly server: RedisServer;
  readonly host: string;
  /** The node's id in its cluster; empty if the server is in none. */
  readonly node: string;
  /**
   * Sends commands in one go; answers in their order.
   * @throws RedisUnavailable when the answers do not come within the time, or cannot; at once where the server
   *   has owed an older answer for that long.
   */
  send(operation: string, commands: readonly (readonly string[])[], withinMs: number): Promise<Reply[]>;
};

export type EndingConnection = Connection & {
  /** Fulfils with the reason. */
  ended: Promise<Error>;
  end(why: Error): void;
};

/** The part of the client that is used. It rejects all unanswered commands when it is destroyed or loses its socket. */
export type Client = { sendCommand(args: readonly string[]): Promise<unknown>; isOpen: boolean; destroy(): void };

export type ConnectionOptions = {
  client: Client;
  server: RedisServer;
  host: string;
  node: string;
  /** Fulfils when the client lost its socket. */
  lost: Promise<Error>;
  /** The connection ends after so many milliseconds without any answer. */
  timeoutMs: number;
};

export function createConnection({ client, lost, timeoutMs, ...at }: ConnectionOptions): EndingConnection {
  const { promise: ended, resolve } = Promise.withResolvers<Error>();
  let owed = 0;
  let lastAnswerMs = 0;
  /** A call was given up, and nothing was answered since. */
  let silent = false;
  let endedBy: Error | undefined;

  const owedForMs = () => (owed === 0 ? 0 : elapsedMs() - lastAnswerMs);

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
      // The server became a replica, or reloads its data: the next connection looks at the server again.
      if (/^(READONLY|MASTERDOWN|LOADING) /.test(error.message)) end(error);
      return error;
    } finally {
      owed -= 1;
      lastAnswerMs = elapsedMs();
      silent = false;
    }
  }

  function send(operation: string, commands: readonly (readonly string[])[], withinMs: number): Promise<Reply[]> {
    const quietMs = silent ? owedForMs() : 0;
    if (quietMs >= timeoutMs) end(new Error(`no answer for ${Math.round(quietMs)} ms`));
    if (endedBy) return Promise.reject(new RedisUnavailable(operation, endedBy));
    if (quietMs >= withinMs) {
      return Promise.reject(
        new RedisUnavailable(operation, new Error(`an answer is owed for ${Math.round(quietMs)} ms`)),
      );
    }
    if (owed === 0) lastAnswerMs = elapsedMs();
    owed += commands.length;
    return new Promise((resolve, reject) => {
      let callOff: (() => void) | undefined;
      let settled = false;
      function giveUp(): void {
        if (settled) return;
        silent = true;
        reject(new RedisUnavailable(operation, new Error(`no answer within ${withinMs} ms`)));
        if (owedForMs() >= timeoutMs) end(new Error(`no answer for ${timeoutMs} ms`));
      }
      Promise.all(commands.map(ask))
        .then(resolve, (error) => reject(new RedisUnavailable(operation, error)))
        .finally(() => {
          settled = true;
          clearImmediate(sent);
          callOff?.();
        });
      // Under load this process is late, not Redis. So the time starts when the commands have left, at the end of this
      // turn of the event loop, and ends after the answers that have arrived meanwhile were read.
      const sent = setImmediate(() => {
        callOff = afterAnswers(withinMs, giveUp);
      });
    });
  }

  lost.then(end);
  return { ...at, send, ended, end };
}
