/** Sends commands to the servers that have their keys, and follows the redirections of a cluster. */
import { ErrorReply } from "@redis/client";
import type { Connection, Reply } from "./connection.ts";
import type { Redis } from "./kept.ts";
import { redirectionFrom } from "./topology.ts";
import { RedisUnavailable } from "./unavailable.ts";

/** Undefined: nothing ran there, or it is unknown whether it did, because that server is away. */
export type Replies = (Reply | undefined)[];

/** @param asking each command goes behind an ASKING: its slot is on the way to this server. */
type Send<Item> = (connection: Connection, items: readonly Item[], asking: boolean) => Promise<Replies>;

type Due<Item> = { item: Item; at: number; to?: { address: string; asking: boolean } };

/** From a node that lost a slot to its owner, and on to the one that imports it. */
const redirectionsAtMost = 3;

/**
 * Answers in the order of the items. Servers are asked at the same time, and one that is away takes no answer from the
 * others.
 * @throws RedisUnavailable if none of them answered.
 */
export async function spread<Item extends { key: string }>(
  redis: Redis,
  operation: string,
  items: readonly Item[],
  send: Send<Item>,
): Promise<Replies> {
  const replies: Replies = items.map(() => undefined);
  let answered = 0;
  let fault: unknown;

  async function sendTo(connection: Connection, some: readonly Due<Item>[], asking: boolean): Promise<Due<Item>[]> {
    const got = await send(
      connection,
      some.map(({ item }) => item),
      asking,
    );
    return some.flatMap((one, i) => {
      const reply = got[i];
      const message = reply instanceof ErrorReply ? reply.message : "";
      const to = redirectionFrom(message, connection.host);
      if (to) return [{ ...one, to }];
      // The slot has no node at the moment, or half of its product is on the way to another one.
      if (/^(CLUSTERDOWN|TRYAGAIN)/.test(message)) {
        fault ??= new RedisUnavailable(operation, reply);
        return [];
      }
      replies[one.at] = reply;
      answered += 1;
      return [];
    });
  }

  let due: Due<Item>[] = items.map((item, at) => ({ item, at }));
  for (let hops = 0; due.length > 0; hops += 1) {
    const redirected: Due<Item>[] = [];
    await Promise.all(
      byServer(due).map(async (some) => {
        try {
          const [{ item, to } = {}] = some;
          const connection = to ? await redis.at(operation, to.address) : redis.connection(operation, item?.key ?? "");
          redirected.push(...(await sendTo(connection, some, to?.asking ?? false)));
        } catch (error) {
          fault ??= error;
        }
      }),
    );
    if (hops === redirectionsAtMost && redirected.length > 0) {
      fault ??= new RedisUnavailable(operation, new Error("the cluster's nodes send its keys around in a circle"));
      break;
    }
    due = redirected;
  }
  if (fault !== undefined && answered === 0) throw fault;
  return replies;

  function byServer(all: readonly Due<Item>[]): Due<Item>[][] {
    const groups = Map.groupBy(all, ({ item, to }) => (to ? `${to.address} ${to.asking}` : redis.serverOf(item.key)));
    return [...groups.values()];
  }
}

/** The answer to one command. @throws RedisUnavailable */
export async function askAt(
  redis: Redis,
  operation: string,
  key: string,
  command: readonly string[],
  withinMs: number,
): Promise<Reply> {
  const [reply] = await spread(redis, operation, [{ key }], async (connection, _items, asking) => {
    const replies = await connection.send(operation, asking ? [["ASKING"], command] : [command], withinMs);
    return replies.slice(-1);
  });
  return reply;
}
