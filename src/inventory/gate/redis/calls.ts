/** Calls the gate's scripts: only by EVALSHA, and only in the present life. */
import {
  type Connection,
  ErrorReply,
  type Life,
  type Lives,
  type Redis,
  RedisUnavailable,
  type Reply,
} from "#engines/redis";
import type { Keys } from "./keys.ts";
import type { ScriptName } from "./scripts.ts";

export type ProductCall = { script: ScriptName; productId: string; args: readonly string[] };

/** Returns answers in the order of the calls; undefined if Redis lost its memory, so that nothing ran. */
export type Replies = (Reply | undefined)[];

export type Calls = {
  /** @throws RedisUnavailable */
  run(operation: string, calls: readonly ProductCall[]): Promise<Replies>;
  /** As `run`, in one round trip and within the time limit: waits for Redis only. */
  runNow(operation: string, calls: readonly ProductCall[], withinMs: number): Promise<Replies>;
  /** As `run` of one call, in a new life if the memory was lost; also returns the life. */
  begin(
    operation: string,
    call: (life: Life<ScriptName>) => ProductCall,
  ): Promise<{ life: Life<ScriptName>; reply: Reply }>;
};

export type CallsOptions = {
  redis: Redis;
  lives: Lives<ScriptName>;
  keys: Keys;
  timeoutMs: number;
  onUnknownLife(error: unknown): void;
};

/** Upkeep calls in one round trip; buyers' calls wait behind them in the same connection. */
const callsAtOnce = 100;

export function createCalls({ redis, lives, keys, timeoutMs, onUnknownLife }: CallsOptions): Calls {
  async function runTogether(
    connection: Connection,
    operation: string,
    calls: readonly ProductCall[],
    withinMs: number,
    lifeAfter: (connection: Connection) => Promise<Life<ScriptName> | undefined>,
  ): Promise<Replies> {
    const life = lives.known(connection) ?? (await lifeAfter(connection));
    if (!life) return calls.map(() => undefined);
    const replies: Replies = await connection.send(operation, commandsOf(life, calls), withinMs);
    const missed = replies.flatMap((reply, i) => (isUnknownScript(reply) ? [i] : []));
    if (missed.length === 0) return replies;
    lives.isOver(life);
    const next = await lifeAfter(connection);
    const again = next ? missed.map((i) => calls[i] as ProductCall) : [];
    const late = next ? await connection.send(operation, commandsOf(next, again), withinMs) : [];
    missed.forEach((at, i) => {
      replies[at] = isUnknownScript(late[i]) ? undefined : late[i];
    });
    return replies;
  }

  function commandsOf(life: Life<ScriptName>, calls: readonly ProductCall[]): string[][] {
    return calls.map(({ script, productId, args }) => {
      const { figures, records, ages, held } = keys.ofProduct(productId);
      const { sha = "" } = life.scripts.get(script) ?? {};
      return ["EVALSHA", sha, "4", figures, records, ages, held, ...args];
    });
  }

  return {
    run: (operation, calls) =>
      asUnavailable(operation, async () => {
        const replies: Replies = [];
        for (let i = 0; i < calls.length; i += callsAtOnce) {
          const some = calls.slice(i, i + callsAtOnce);
          const connection = redis.connection(operation);
          replies.push(...(await runTogether(connection, operation, some, timeoutMs, lives.find)));
          if (!lives.known(connection)) break;
        }
        return calls.map((_, i) => replies[i]);
      }),

    runNow: (operation, calls, withinMs) =>
      asUnavailable(operation, async () => {
        const connection = redis.connection(operation);
        return runTogether(connection, operation, calls, withinMs, async () => {
          lives.find(connection).catch(onUnknownLife);
          return undefined;
        });
      }),

    begin: (operation, callIn) =>
      asUnavailable(operation, async () => {
        const connection = redis.connection(operation);
        const life = lives.known(connection) ?? (await lives.begin(connection));
        const [reply] = await connection.send(operation, commandsOf(life, [callIn(life)]), timeoutMs);
        if (!isUnknownScript(reply)) return { life, reply };
        lives.isOver(life);
        const next = await lives.begin(connection);
        const [later] = await connection.send(operation, commandsOf(next, [callIn(next)]), timeoutMs);
        if (isUnknownScript(later)) throw later;
        return { life: next, reply: later };
      }),
  };
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
