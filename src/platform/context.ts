import { AsyncLocalStorage } from "node:async_hooks";

/** What every log line and event carries of the work at hand, wherever it is written. */
export type Context = {
  readonly requestId?: string;
  readonly traceId?: string;
  orderId?: string;
};

const storage = new AsyncLocalStorage<Context>();

export function runInContext<T>(context: Context, work: () => T): T {
  return storage.run(context, work);
}

export function currentContext(): Context | undefined {
  return storage.getStore();
}

/** Names the order that the current request or step turned out to be about. */
export function noteOrder(orderId: string): void {
  const context = storage.getStore();
  if (context) context.orderId = orderId;
}
