/** Translates a fault of Redis into the gate's `GateUnavailable`, only here, so that callers know one error only. */
import { ErrorReply, RedisUnavailable, RedisUnfit, type Reply } from "#engines/redis";
import { type Gate, GateUnavailable } from "../gate.ts";

export function translated(gate: Gate): Gate {
  const methods = Object.entries(gate).map(([name, method]) => {
    const call = method as (...args: unknown[]) => Promise<unknown>;
    return [name, (...args: unknown[]) => translating(name, () => call(...args))];
  });
  return Object.fromEntries(methods) as Gate;
}

/** The answer to a command that Redis never refuses while it is well. */
export function answerOf(operation: string, reply: Reply): Reply {
  if (reply instanceof ErrorReply) throw new RedisUnavailable(operation, reply);
  return reply;
}

/** Whether a script failed on what it read, and not because of the server: a replica, a full disk, a right that it lacks. */
export function failedOnData(reply: Reply): boolean {
  return reply instanceof ErrorReply && /^(ERR|WRONGTYPE) /.test(reply.message);
}

export async function translating<T>(operation: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RedisUnavailable) throw new GateUnavailable(error.operation, error.cause);
    if (error instanceof ErrorReply || error instanceof RedisUnfit) throw new GateUnavailable(operation, error);
    throw error;
  }
}
