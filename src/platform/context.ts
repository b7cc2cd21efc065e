/** Carries the ids of a request to every log line that is written while it is handled. */
import { AsyncLocalStorage } from "node:async_hooks";

/** The fields that every log line within this work carries. */
export type Context = {
  readonly requestId?: string;
  readonly traceId?: string;
};

const storage = new AsyncLocalStorage<Context>();

export function runInContext<T>(context: Context, work: () => T): T {
  return storage.run(context, work);
}

export function currentContext(): Context | undefined {
  return storage.getStore();
}
