/**
 * Tells the lives of a Redis server apart: a life lasts from one loss of Redis's memory to the next. Its name, the boot
 * nonce, is part of the scripts' text, and Redis 7 keeps scripts neither on disk nor on replicas. So after a restart or
 * a failover no script of the old life can be called, whatever data came back. The scripts of a life are loaded again
 * only if its marker, looked up on the same connection, shows that the life still lasts.
 */
import { randomUUID } from "node:crypto";
import { ErrorReply } from "@redis/client";
import { elapsedMs } from "#platform/clock";
import { within } from "#platform/deadline";
import type { Connection } from "./connection.ts";
import type { Script, ScriptSet } from "./scripts.ts";

/** Keeps the nonces outside Redis, whose disk could bring an old one back. `node` is as in `Connection`. */
export type NonceStore = {
  read(node: string): Promise<string | null>;
  /** Replaces `previous` by `next`, unless another process was first; answers the value that is stored then. */
  replace(node: string, previous: string | null, next: string): Promise<string>;
};

export type Life<Name extends string = string> = { nonce: string; scripts: ReadonlyMap<Name, Script> };

export type Lives<Name extends string> = {
  /** The life that was last seen to last on this connection. */
  known(connection: Connection): Life<Name> | undefined;
  /** As `known`, or else looked up; undefined if the memory is lost. */
  find(connection: Connection): Promise<Life<Name> | undefined>;
  /** As `find`, or else starts a new life. */
  begin(connection: Connection): Promise<Life<Name>>;
  /** To be called when Redis did not know the life's scripts. */
  isOver(life: Life<Name>): void;
  /**
   * To be called when Redis has data of another life: a process that was led to another server and back has begun one, and
   * this server, which never died, still has the scripts of both. If it is so, the life known here is over.
   */
  doubt(connection: Connection): void;
};

export type LivesOptions<Name extends string> = { nonces: NonceStore; scripts: ScriptSet<Name>; timeoutMs: number };

const doubtEveryMs = 1_000;

/** Each node of a cluster has lives of its own. */
export function createLives<Name extends string>(options: LivesOptions<Name>): Lives<Name> {
  const byNode = new Map<string, Lives<Name>>();
  function of({ node }: Connection): Lives<Name> {
    const lives = byNode.get(node) ?? livesOf(node, options);
    byNode.set(node, lives);
    return lives;
  }
  return {
    known: (connection) => of(connection).known(connection),
    find: (connection) => of(connection).find(connection),
    begin: (connection) => of(connection).begin(connection),
    isOver(life) {
      for (const lives of byNode.values()) lives.isOver(life);
    },
    doubt: (connection) => of(connection).doubt(connection),
  };
}

function livesOf<Name extends string>(node: string, { nonces, scripts, timeoutMs }: LivesOptions<Name>): Lives<Name> {
  let present: { life: Life<Name>; connection: Connection } | undefined;
  let lastNonce: string | null = null;
  let looking: Promise<Life<Name> | undefined> | undefined;
  let beginning: Promise<Life<Name>> | undefined;
  let doubtedAtMs = Number.NEGATIVE_INFINITY;

  function known(connection: Connection): Life<Name> | undefined {
    return present?.connection === connection ? present.life : undefined;
  }

  async function look(connection: Connection): Promise<Life<Name> | undefined> {
    const last = lastNonce;
    if (last === null) return join(connection, await nonces.read(node));
    // While the nonce store is away, a new connection to the same Redis needs no other source.
    const standing = within(timeoutMs, nonces.read(node), () => last);
    return join(connection, await standing.catch(() => last));
  }

  async function doubt(connection: Connection): Promise<void> {
    const life = known(connection);
    if (!life || elapsedMs() - doubtedAtMs < doubtEveryMs) return;
    doubtedAtMs = elapsedMs();
    if ((await nonces.read(node)) !== life.nonce) isOver(life);
  }

  function isOver(life: Life<Name>): void {
    if (present?.life === life) present = undefined;
  }

  /** Joins a life that lasts: every version of this program loads its own scripts into it. */
  async function join(connection: Connection, nonce: string | null): Promise<Life<Name> | undefined> {
    if (!nonce?.startsWith(`${connection.server.replicationId}.`)) return undefined;
    const [lasts] = await connection.send("life", [["SCRIPT", "EXISTS", scripts.marker(nonce).sha]], timeoutMs);
    if (!Array.isArray(lasts) || lasts[0] !== 1) return undefined;
    return take(connection, await load(connection, nonce, []));
  }

  function take(connection: Connection, life: Life<Name>): Life<Name> {
    present = { life, connection };
    lastNonce = life.nonce;
    return life;
  }

  async function load(connection: Connection, nonce: string, more: readonly Script[]): Promise<Life<Name>> {
    const own = scripts.ofLife(nonce);
    const commands = [...own.values(), ...more].map(({ text }) => ["SCRIPT", "LOAD", text]);
    for (const reply of await connection.send("scripts", commands, timeoutMs)) {
      if (reply instanceof ErrorReply) throw new Error("Redis refuses a script", { cause: reply });
    }
    return { nonce, scripts: own };
  }

  async function beginOne(connection: Connection): Promise<Life<Name>> {
    const standing = await nonces.read(node);
    const life = await join(connection, standing);
    if (life) return life;
    // First in Redis, then in the store: a stored life was in Redis, so if its marker is missing, the memory was lost.
    const nonce = `${connection.server.replicationId}.${randomUUID()}`;
    const begun = await load(connection, nonce, [scripts.marker(nonce)]);
    const winner = await nonces.replace(node, standing, nonce);
    // Only now: data that is loaded in a life that lost is closed in the one that won.
    if (winner === nonce) return take(connection, begun);
    const theirs = await join(connection, winner);
    if (!theirs) throw new Error("Redis lost its memory again while a new life began");
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
    isOver,
    doubt(connection) {
      // While the nonce store is away, no other life begins.
      doubt(connection).catch(() => {});
    },
  };
}
