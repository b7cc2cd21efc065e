/**
 * A life of the gate lasts from one loss of Redis's memory to the next. Its name, the boot nonce, stands in the text of
 * the scripts, and Redis 7 keeps scripts neither on disk nor on replicas: after a restart or a failover nothing that
 * names the old life can be called, whatever data came back. So nothing here ever loads the scripts of a life anew,
 * except where its marker shows, on the same connection, that it lasts.
 */
import { randomUUID } from "node:crypto";
import { ErrorReply } from "@redis/client";
import type { Connection } from "./connection.ts";
import { markerOf, type Script, type ScriptName, scriptsOf } from "./scripts.ts";

/** Where the nonce is kept: outside Redis, from whose disk an old one could come back. */
export type NonceStore = {
  read(): Promise<string | null>;
  /** Puts `next` in the place of `previous`, unless another process was quicker; answers the value that is there then. */
  replace(previous: string | null, next: string): Promise<string>;
};

export type Life = { nonce: string; scripts: ReadonlyMap<ScriptName, Script> };

export type Lives = {
  /** The life that was last seen to last on this connection. */
  known(connection: Connection): Life | undefined;
  /** As `known`, or else looked for; undefined where the memory is lost. */
  find(connection: Connection): Promise<Life | undefined>;
  /** As `find`, or else a new life. */
  begin(connection: Connection): Promise<Life>;
  /** Redis did not know its scripts. */
  isOver(life: Life): void;
};

export function createLives({ nonces, timeoutMs }: { nonces: NonceStore; timeoutMs: number }): Lives {
  let present: { life: Life; connection: Connection } | undefined;
  let lastNonce: string | null = null;
  let looking: Promise<Life | undefined> | undefined;
  let beginning: Promise<Life> | undefined;

  function known(connection: Connection): Life | undefined {
    return present?.connection === connection ? present.life : undefined;
  }

  async function look(connection: Connection): Promise<Life | undefined> {
    // The one we know first: while the books are away, a new connection to the same Redis needs no other source.
    const life = await join(connection, lastNonce);
    if (life) return life;
    const standing = await nonces.read();
    return standing === lastNonce ? undefined : join(connection, standing);
  }

  /** Takes part in a life that lasts: every version of Dropgate loads scripts of its own. */
  async function join(connection: Connection, nonce: string | null): Promise<Life | undefined> {
    if (!nonce?.startsWith(`${connection.server.replicationId}.`)) return undefined;
    const [lasts] = await connection.send("life", [["SCRIPT", "EXISTS", markerOf(nonce).sha]], timeoutMs);
    if (!Array.isArray(lasts) || lasts[0] !== 1) return undefined;
    return take(connection, await load(connection, nonce, []));
  }

  function take(connection: Connection, life: Life): Life {
    present = { life, connection };
    lastNonce = life.nonce;
    return life;
  }

  async function load(connection: Connection, nonce: string, more: readonly Script[]): Promise<Life> {
    const scripts = scriptsOf(nonce);
    const commands = [...scripts.values(), ...more].map(({ text }) => ["SCRIPT", "LOAD", text]);
    for (const reply of await connection.send("scripts", commands, timeoutMs)) {
      if (reply instanceof ErrorReply) throw new Error("Redis refuses a script of the gate", { cause: reply });
    }
    return { nonce, scripts };
  }

  async function beginOne(connection: Connection): Promise<Life> {
    const standing = await nonces.read();
    const life = await join(connection, standing);
    if (life) return life;
    // First in Redis, then in the books: what the books name was there, so where it is missing it was lost.
    const nonce = `${connection.server.replicationId}.${randomUUID()}`;
    const begun = await load(connection, nonce, [markerOf(nonce)]);
    const winner = await nonces.replace(standing, nonce);
    // Only now: what is loaded in a life that lost is closed in the one that won.
    if (winner === nonce) return take(connection, begun);
    const theirs = await join(connection, winner);
    if (!theirs) throw new Error("the gate lost its memory again while its new life began");
    return theirs;
  }

  return {
    known,
    async begin(connection) {
      beginning ??= beginOne(connection).finally(() => {
        beginning = undefined;
      });
      return beginning;
    },
    async find(connection) {
      const life = known(connection);
      if (life) return life;
      looking ??= look(connection).finally(() => {
        looking = undefined;
      });
      return looking;
    },
    isOver(life) {
      if (present?.life === life) present = undefined;
    },
  };
}
