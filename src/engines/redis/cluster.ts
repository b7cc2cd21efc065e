/**
 * Keeps a connection to each primary of a Redis Cluster. Each is a server with a memory of its own: what one loses closes
 * the products there and no others.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "#platform/log";
import type { ConnectOptions, RedisAccess } from "./access.ts";
import { adviceOn, RedisUnfit } from "./advice.ts";
import { connect } from "./client.ts";
import type { Connection } from "./connection.ts";
import { type KeepOptions, type Kept, keepConnected, type OpenOptions, type Redis } from "./kept.ts";
import { slotCount, slotOf, tagOf } from "./slots.ts";
import { type Primary, redirectionFrom, type Topology, topologyFrom } from "./topology.ts";
import { RedisUnavailable } from "./unavailable.ts";

export type ClusterOptions = RedisAccess &
  OpenOptions &
  Pick<KeepOptions, "onInfo"> & {
    log: Log;
    /** Called with the ids of the primaries that have slots, at every look. */
    onNodes(ids: readonly string[]): void;
    onServer: ((id: string) => void) | undefined;
  };

type Node = { primary: Primary; kept?: Kept; opened: Promise<void> };

const lookEveryMs = 2_000;
const seedWithinMs = 4_500;

/** @throws Error that names the setting to look at, if no node can be used, unless they may be away. */
export async function openCluster(options: ClusterOptions): Promise<Redis> {
  const { log, timeoutMs, mayBeAway = false } = options;
  const nodes = new Map<string, Node>();
  const leaving = new Set<Kept>();
  let bySlot: (Node | undefined)[] = [];
  let closed = false;
  let failure: unknown;
  let looking: Promise<void> | undefined;
  let toldId: string | undefined;

  /** The newest view: a primary that was replaced believes in the old one until it hears of it. */
  async function view(): Promise<Topology> {
    const asked = [...nodes.values()].map(async ({ kept }) => {
      if (!kept) throw new RedisUnavailable("nodes", failure);
      return viewOf(kept.connection("nodes"), timeoutMs);
    });
    const views = (await Promise.allSettled(asked)).flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const newest = views.toSorted((a, b) => b.epoch - a.epoch)[0];
    return newest ?? viewOfSeeds(options);
  }

  /** @param isFirst if a node does not suit the use, the start says so; later, its products are away. */
  async function look(isFirst = false): Promise<void> {
    adopt(await view(), isFirst);
    if (isFirst) await Promise.all([...nodes.values()].map(({ opened }) => opened));
  }

  function adopt({ primaries }: Topology, isFirst: boolean): void {
    if (closed) return;
    const ids = primaries.map(({ id }) => id);
    for (const [id, node] of nodes) if (!ids.includes(id)) drop(id, node);
    for (const primary of primaries) {
      const node = nodes.get(primary.id);
      if (node && isAt(node.primary, primary) && node.primary.epoch === primary.epoch) node.primary = primary;
      else {
        // With a new epoch it may have been a replica since: the new connection looks at its memory anew.
        const before = node && isAt(node.primary, primary) ? node.kept : undefined;
        if (node && !before) drop(primary.id, node);
        nodes.set(primary.id, begin(primary, isFirst, before));
      }
    }
    bySlot = Array.from({ length: slotCount });
    for (const node of nodes.values()) {
      for (const [first, last] of node.primary.slots) bySlot.fill(node, first, last + 1);
    }
    // One without slots has no product: a primary that was replaced stays among the nodes until it is forgotten.
    options.onNodes(primaries.filter(({ slots }) => slots.length > 0).map(({ id }) => id));
    const id = bySlot[0]?.primary.id;
    if (id === undefined || id === toldId) return;
    toldId = id;
    options.onServer?.(id);
  }

  /** @param before a connection to the same server, which serves until the new one is there. */
  function begin(primary: Primary, isFirst: boolean, before?: Kept): Node {
    const { id: node, host, port } = primary;
    const opening = keepConnected({
      ...options,
      host,
      port,
      node,
      admit: (ask, cli) => options.admit(ask, cli).catch(unlessElsewhere),
      // Without slots it may be a replica that the asked node still takes for a primary.
      mayBegin: (error) => !isFirst || mayBeAway || primary.slots.length === 0 || !isUnfit(error),
    });
    const begun: Node = {
      primary,
      ...(before && { kept: before }),
      opened: opening.then((kept) => {
        if (before) retire(before);
        begun.kept = kept;
        if (closed || nodes.get(node) !== begun) kept.close();
      }),
    };
    // The start waits for it; else nothing does.
    begun.opened.catch(() => {});
    return begun;
  }

  /** Calls that are under way get their answers. */
  function retire(kept: Kept): void {
    leaving.add(kept);
    setTimeout(() => {
      leaving.delete(kept);
      kept.close();
    }, timeoutMs).unref();
  }

  function drop(id: string, { kept }: Node): void {
    nodes.delete(id);
    kept?.close();
  }

  function lookAgain(): Promise<void> {
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return looking;
  }

  async function follow(): Promise<void> {
    while (!closed) {
      await sleep(lookEveryMs, undefined, { ref: false });
      if (closed) return;
      try {
        await lookAgain();
        failure = undefined;
      } catch (error) {
        if (String(error) !== String(failure)) log.warn("no node of the Redis Cluster answers", {}, error);
        failure = error;
      }
    }
  }

  function close(): void {
    closed = true;
    failure = new Error("the connection to Redis was closed");
    for (const [id, node] of nodes) drop(id, node);
    for (const kept of leaving) kept.close();
    bySlot = [];
  }

  function connectionOf(operation: string, node: Node | undefined, missing: string): Connection {
    if (!node) throw new RedisUnavailable(operation, failure ?? new Error(missing));
    if (!node.kept) throw new RedisUnavailable(operation, new Error("there is no connection to the node yet"));
    return node.kept.connection(operation);
  }

  try {
    await look(true);
    if (!mayBeAway) requireOne([...nodes.values()]);
  } catch (error) {
    if (!mayBeAway) {
      close();
      throw error;
    }
    failure = error;
    log.warn("no connection to the Redis Cluster; the start goes on without it", {}, error);
  }
  void follow();

  const atAddress = (address: string) =>
    [...nodes.values()].find(({ primary: { host, port } }) => `${host}:${port}` === address);
  return {
    isCluster: true,
    connection(operation, key) {
      const slot = slotOf(key);
      return connectionOf(operation, bySlot[slot], `no node of the cluster has slot ${slot}`);
    },
    serverOf: (key) => bySlot[slotOf(key)]?.primary.id ?? "",
    async at(operation, address) {
      const looked = lookAgain().catch(() => {});
      if (!atAddress(address)) await looked;
      const node = atAddress(address);
      await node?.opened;
      return connectionOf(operation, node, `the cluster's nodes name ${address}, which is none of its primaries`);
    },
    tags: (before) =>
      [...nodes.values()].flatMap(({ primary }) => primary.slots.slice(0, 1).map(([first]) => tagOf(first, before))),
    close,
  };
}

function isAt(a: Primary, b: Primary): boolean {
  return a.host === b.host && a.port === b.port;
}

function isUnfit(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof RedisUnfit;
}

/** @throws the reason of a node, if there is a connection to none. */
function requireOne(nodes: readonly Node[]): void {
  const reasons = nodes.map(({ kept }) => {
    try {
      kept?.connection("open");
      return kept ? undefined : new Error("there is no connection to the node yet");
    } catch (error) {
      return error instanceof Error ? error.cause : error;
    }
  });
  if (reasons.length === 0) throw new Error("the Redis Cluster has no primary: create it first");
  if (reasons.every((reason) => reason !== undefined)) throw reasons[0];
}

/** The claim of the gate is one key, so a node may say that another one has it. */
function unlessElsewhere(error: unknown): void {
  const message = error instanceof Error ? error.message : "";
  if (!redirectionFrom(message, "") && !/^(CLUSTERDOWN|TRYAGAIN)/.test(message)) throw error;
}

async function viewOf(connection: Connection, withinMs: number): Promise<Topology> {
  const [answer] = await connection.send("nodes", [["CLUSTER", "NODES"]], withinMs);
  if (typeof answer !== "string") throw new RedisUnavailable("nodes", answer);
  return topologyFrom(answer, connection.host);
}

/** @throws the first one's reason, if none answers. */
export async function viewOfSeeds(options: ConnectOptions): Promise<Topology> {
  const { host, port, seeds = [] } = options;
  const asked = [{ host, port }, ...seeds].map(async (seed) => {
    // A replica knows the cluster as well.
    const asSeed = { ...options, ...seed, refusalOf: () => undefined, admit: async () => {} };
    const connection = await connect(asSeed, seedWithinMs);
    try {
      return await viewOf(connection, options.timeoutMs);
    } catch (error) {
      throw new Error(adviceOn(error, asSeed), { cause: error });
    } finally {
      connection.end(new Error("the cluster is known"));
    }
  });
  const views = await Promise.allSettled(asked);
  const known = views.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const newest = known.toSorted((a, b) => b.epoch - a.epoch)[0];
  if (newest) return newest;
  throw views.find((one) => one.status === "rejected")?.reason;
}
