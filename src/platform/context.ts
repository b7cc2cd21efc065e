/** Carries the ids of a request, and the span that is open, to what is done while it is handled. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Span } from "./span.ts";

/** `requestId` and `traceId` are in every log line within this work. */
export type Context = {
  readonly requestId?: string;
  readonly traceId?: string;
  /** Only while traces are sent. */
  readonly span?: Span;
};

const storage = new AsyncLocalStorage<Context>();

export function runInContext<T>(context: Context, work: () => T): T {
  return storage.run(context, work);
}

export function currentContext(): Context | undefined {
  return storage.getStore();
}
