import { AsyncLocalStorage } from "node:async_hooks";

/** What every log line carries of the work at hand, wherever it is written. */
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
