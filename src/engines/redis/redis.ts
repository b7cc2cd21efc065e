/**
 * Opens a Redis server, or a Redis Cluster, and offers scripts that end with a server's memory.
 */
import { elapsedMs } from "#platform/clock";
import type { Log } from "#platform/log";
import type { RedisAccess } from "./access.ts";
import { openCluster } from "./cluster.ts";
import { keepConnected, type OpenOptions, type Redis } from "./kept.ts";
import type { RedisServer } from "./server.ts";
import { RedisUnavailable } from "./unavailable.ts";

export { ErrorReply } from "@redis/client";
export type { RedisAddress } from "./access.ts";
export { RedisUnfit } from "./advice.ts";
export type { Connection, Reply } from "./connection.ts";
export type { Redis } from "./kept.ts";
export { createLives, type Life, type Lives, type NonceStore } from "./lives.ts";
export { createScriptSet } from "./scripts.ts";
export type { RedisServer } from "./server.ts";
export { askAt, type Replies, spread } from "./spread.ts";
export { RedisUnavailable } from "./unavailable.ts";

/** A Redis that the settings name, for a user that is not open yet. */
export type RedisEngine = {
  timeoutMs: number;
  /** @throws Error that names the setting to look at, within 5 seconds, unless it may be away. */
  open(use: OpenOptions): Promise<Redis>;
  /**
   * The latest figures about memory, with their time by `elapsedMs`; undefined before the first connection. Of a cluster:
   * of the node with the least room, with the time of the node that has been silent for longest.
   */
  memory(): RedisMemory | undefined;
};

export type RedisMemory = Pick<RedisServer, "usedBytes" | "limitBytes" | "evictedKeys"> & { atMs: number };

export type RedisEngineOptions = RedisAccess & {
  log: Log;
  /** Called with an id of the server at every new connection, and of the cluster when it changes. */
  onServer?(id: string): void;
};

export function createRedisEngine({ log, onServer, ...access }: RedisEngineOptions): RedisEngine {
  const memories = new Map<string, RedisMemory>();
  const onInfo = (server: RedisServer, node: string) => void memories.set(node, { ...server, atMs: elapsedMs() });

  function onNodes(ids: readonly string[]): void {
    for (const id of memories.keys()) if (!ids.includes(id)) memories.delete(id);
  }

  return {
    timeoutMs: access.timeoutMs,
    memory() {
      const [fullest] = [...memories.values()].toSorted((a, b) => fullness(b) - fullness(a));
      return fullest && { ...fullest, atMs: Math.min(...Array.from(memories.values(), ({ atMs }) => atMs)) };
    },
    open(use) {
      if (access.cluster) return openCluster({ ...access, ...use, log, onInfo, onNodes, onServer });
      return openServer({
        ...access,
        ...use,
        log,
        onInfo,
        onConnected(connection) {
          onServer?.(connection.server.runId);
          use.onConnected(connection);
        },
      });
    },
  };
}

function fullness({ usedBytes, limitBytes, evictedKeys }: RedisMemory): number {
  if (evictedKeys > 0) return Number.POSITIVE_INFINITY;
  return limitBytes > 0 ? usedBytes / limitBytes : usedBytes / Number.MAX_SAFE_INTEGER;
}

async function openServer(
  options: RedisAccess & OpenOptions & { log: Log; onInfo(server: RedisServer, node: string): void },
): Promise<Redis> {
  const kept = await keepConnected({ ...options, mayBegin: () => options.mayBeAway ?? false });
  return {
    ...kept,
    isCluster: false,
    serverOf: () => "",
    async at(operation) {
      throw new RedisUnavailable(operation, new Error("a server that is in no cluster names another one"));
    },
    tags: () => [""],
  };
}
