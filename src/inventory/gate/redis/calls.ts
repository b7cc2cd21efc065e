/** Calls the gate's scripts: only by EVALSHA, and only in the present life. */
import {
  type Connection,
  ErrorReply,
  type Life,
  type Lives,
  type Redis,
  RedisUnavailable,
  type Replies,
  type Reply,
  spread,
} from "#engines/redis";
import type { Keys } from "./keys.ts";
import type { ScriptName } from "./scripts.ts";

export type ProductCall = { script: ScriptName; productId: string; args: readonly string[] };

export type Calls = {
  /**
   * Returns answers in the order of the calls; undefined if Redis lost its memory, so that nothing ran, or if the product's
   * node of a cluster is away while others answer. @throws RedisUnavailable
   */
  run(operation: string, calls: readonly ProductCall[]): Promise<Replies>;
  /** As `run`, in one round trip and within the time limit: waits for Redis only. */
  runNow(operation: string, calls: readonly ProductCall[], withinMs: number): Promise<Replies>;
  /** As `run` of one call, in a new life if the memory was lost; also returns the life. */
  begin(
    operation: string,
    productId: string,
    call: (life: Life<ScriptName>) => Omit<ProductCall, "productId">,
  ): Promise<{ life: Life<ScriptName>; reply: Reply }>;
};

export type CallsOptions = {
  redis: Redis;
  lives: Lives<ScriptName>;
  keys: Keys;
  timeoutMs: number;
  onUnknownLife(error: unknown): void;
};

/** No product has an id that begins so. */
export const noProduct = "\u0000";

/** Upkeep calls in one round trip; buyers' calls wait behind them in the same connection. */
const callsAtOnce = 100;

export function createCalls({ redis, lives, keys, timeoutMs, onUnknownLife }: CallsOptions): Calls {
  async function runTogether(
    to: { connection: Connection; asking: boolean },
    operation: string,
    calls: readonly ProductCall[],
    withinMs: number,
    lifeAfter: (connection: Connection) => Promise<Life<ScriptName> | undefined>,
  ): Promise<Replies> {
    const { connection } = to;
    const life = lives.known(connection) ?? (await lifeAfter(connection));
    if (!life) return calls.map(() => undefined);
    const replies: Replies = await sendIn(life, to, operation, calls, withinMs);
    if (calls.some((call, i) => mayBeOfAnotherLife(call, replies[i]))) lives.doubt(connection);
    const missed = replies.flatMap((reply, i) => (isUnknownScript(reply) ? [i] : []));
    if (missed.length === 0) return replies;
    lives.isOver(life);
    const next = await lifeAfter(connection);
    const again = next ? missed.map((i) => calls[i] as ProductCall) : [];
    const late = next ? await sendIn(next, to, operation, again, withinMs) : [];
    missed.forEach((at, i) => {
      replies[at] = isUnknownScript(late[i]) ? undefined : late[i];
    });
    return replies;
  }

  async function sendIn(
    life: Life<ScriptName>,
    { connection, asking }: { connection: Connection; asking: boolean },
    operation: string,
    calls: readonly ProductCall[],
    withinMs: number,
  ): Promise<Reply[]> {
    const commands = calls.map(({ script, productId, args }) => {
      const { figures, records, ages, held } = keys.ofProduct(productId);
      const { sha = "" } = life.scripts.get(script) ?? {};
      return ["EVALSHA", sha, "4", figures, records, ages, held, ...args];
    });
    if (!asking) return connection.send(operation, commands, withinMs);
    const replies = await connection.send(
      operation,
      commands.flatMap((command) => [["ASKING"], command]),
      withinMs,
    );
    return replies.filter((_, i) => i % 2 === 1);
  }

  const routed = (calls: readonly ProductCall[]) =>
    calls.map((call) => ({ key: keys.ofProduct(call.productId).figures, call }));

  return {
    run: (operation, calls) =>
      asUnavailable(operation, () =>
        spread(redis, operation, routed(calls), async (connection, items, asking) => {
          const replies: Replies = [];
          for (let i = 0; i < items.length; i += callsAtOnce) {
            const some = items.slice(i, i + callsAtOnce).map(({ call }) => call);
            replies.push(...(await runTogether({ connection, asking }, operation, some, timeoutMs, lives.find)));
            if (!lives.known(connection)) break;
          }
          return items.map((_, i) => replies[i]);
        }),
      ),

    runNow: (operation, calls, withinMs) =>
      asUnavailable(operation, () =>
        spread(redis, operation, routed(calls), (connection, items, asking) => {
          const all = items.map(({ call }) => call);
          return runTogether({ connection, asking }, operation, all, withinMs, async () => {
            lives.find(connection).catch(onUnknownLife);
            return undefined;
          });
        }),
      ),

    begin: (operation, productId, callIn) =>
      asUnavailable(operation, async () => {
        let begunIn: Life<ScriptName> | undefined;
        const key = keys.ofProduct(productId).figures;
        const [reply] = await spread(redis, operation, [{ key }], async (connection, _, asking) => {
          const sendOne = async (life: Life<ScriptName>) => {
            begunIn = life;
            return sendIn(life, { connection, asking }, operation, [{ productId, ...callIn(life) }], timeoutMs);
          };
          const life = lives.known(connection) ?? (await lives.begin(connection));
          const replies = await sendOne(life);
          if (!isUnknownScript(replies[0])) return replies;
          lives.isOver(life);
          const later = await sendOne(await lives.begin(connection));
          if (isUnknownScript(later[0])) throw later[0];
          return later;
        });
        if (!begunIn) throw new Error("no node of Redis was asked");
        return { life: begunIn, reply };
      }),
  };
}

/** The answers about a product that is there, and not in this life. */
function mayBeOfAnotherLife({ script, productId }: ProductCall, reply: Reply | undefined): boolean {
  if (script === "reserve") return reply === "closed";
  return script === "snapshot" && reply === null && !productId.startsWith(noProduct);
}

function isUnknownScript(reply: Reply | undefined): boolean {
  return reply instanceof ErrorReply && reply.message.startsWith("NOSCRIPT");
}

async function asUnavailable<T>(operation: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof RedisUnavailable ? error : new RedisUnavailable(operation, error);
  }
}
