/** Shows what is done about the payment of an order in the trace of that order. */
import { createBatcher } from "#platform/batch";
import { inTraceOf, isTracing, traced } from "#platform/spans";
import type { Trace } from "#platform/trace";
import type { PayAnswer } from "./attempt.ts";
import type { OrderToPay } from "./open.ts";
import type { Provider } from "./provider.ts";
import type { Verdict } from "./state.ts";
import type { PayRequest } from "./wire.ts";

/** The sampled traces among those of these orders. */
export type TracesOf = (orderIds: readonly string[]) => Promise<ReadonlyMap<string, Trace>>;

const mostAtOnce = 1_000;
const mostWaiting = 100_000;

type Asked = {
  pay(order: OrderToPay, request: PayRequest): Promise<PayAnswer>;
  lastCall(orderId: string, payByMs: number): Promise<Verdict>;
  capture(orderId: string): Promise<void>;
  close(orderId: string): Promise<void>;
};

export type InTrace = <T>(name: string, orderId: string, work: () => Promise<T>) => Promise<T>;

/** For work about one order: a span in the trace of that order, or nothing if this process sends no traces. */
export function inTraces(tracesOf: TracesOf): InTrace {
  if (!isTracing()) return (_name, _orderId, work) => work();
  const traces = createBatcher<string, Trace | undefined>({
    maxBatch: mostAtOnce,
    maxWaiting: mostWaiting,
    async run(orderIds) {
      const known = await tracesOf(orderIds);
      return orderIds.map((orderId) => known.get(orderId));
    },
  });
  return async (name, orderId, work) =>
    inTraceOf(await traces.add(orderId), name, { fields: { "order.id": orderId } }, work);
}

export function tracedPayment<Payment extends Asked>(payment: Payment, within: InTrace): Payment {
  if (!isTracing()) return payment;
  return {
    ...payment,
    pay: (order, request) => within("pay", order.orderId, () => payment.pay(order, request)),
    lastCall: (orderId, payByMs) => within("last call", orderId, () => payment.lastCall(orderId, payByMs)),
    capture: (orderId) => within("capture", orderId, () => payment.capture(orderId)),
    close: (orderId) => within("give back", orderId, () => payment.close(orderId)),
  };
}

export function tracedProvider(provider: Provider): Provider {
  if (!isTracing()) return provider;
  const call = <Asked extends { paymentId: string }, T>(name: string, work: (asked: Asked) => Promise<T>) =>
    traced(`${provider.name} ${name}`, work, {
      kind: "client",
      fields: ({ paymentId }) => ({ "payment.id": paymentId }),
    });
  return {
    ...provider,
    authorize: call("authorize", provider.authorize),
    capture: call("capture", provider.capture),
    void: call("void", provider.void),
    refund: call("refund", provider.refund),
    lookup: call("lookup", provider.lookup),
  };
}
