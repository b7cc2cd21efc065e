/** One order beside the list: what it is, what happened to it, its payment, and how it can be ended. */
import { Button, Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { count, dayAndTime, money, timeOfDay } from "../../lib/amounts.ts";
import { api, type Order } from "../api.ts";
import { CancelOrder } from "./cancel-order.tsx";
import { Loading } from "./loading.tsx";
import { ProblemNote } from "./problem.tsx";
import { RefundOrder } from "./refund-order.tsx";
import { OrderStatus, sentenceOf, statusWord } from "./status.tsx";

const lookEveryMs = 2_000;
const ended = ["CONFIRMED", "FAILED", "CANCELLED"];

/** Which act the operator is asked about. */
export type Asking = "cancel" | "refund" | undefined;

type AskingProps = { asking: Asking; onAsk(asking: Asking): void };

export function OrderDetail({ orderId, ...asking }: { orderId: string } & AskingProps) {
  const order = useQuery({
    queryKey: ["order", orderId],
    queryFn: () => api.order(orderId),
    // After a refund the money is still on its way.
    refetchInterval: ({ state }) => (state.data && ended.includes(state.data.status) ? false : lookEveryMs),
  });
  if (order.isPending) return <Loading rows={6} />;
  if (order.isError) return <ProblemNote error={order.error} again={order.refetch} />;
  return <Shown order={order.data} {...asking} />;
}

function Shown({ order, asking, onAsk }: { order: Order } & AskingProps) {
  const { orderId, productId, quantity, price, total, currency, status, reason, payBy, payment, timeline } = order;
  const isOpen = status === "INVENTORY_RESERVED" || status === "PAYMENT_PENDING" || status === "PENDING";
  const facts = {
    Status: <OrderStatus status={status} />,
    ...(reason && { Reason: sentenceOf(reason) }),
    Product: productId,
    Units: `${count(quantity)} at ${money(price, currency)}`,
    Total: money(total, currency),
    ...(isOpen && { "To be paid by": timeOfDay(payBy) }),
    "Order id": orderId,
  };
  return (
    <>
      <dl className="facts">
        {Object.entries(facts).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <h3>What happened</h3>
      <ol className="timeline">
        {timeline.map(({ status: what, at, reason: why }) => (
          <li key={`${what} ${at}`}>
            {statusWord(what)}
            {why && <span>: {sentenceOf(why)}</span>}
            <div className="when">{dayAndTime(at)}</div>
          </li>
        ))}
      </ol>
      <h3>Payment</h3>
      <Text mb="md">
        {payment
          ? `${sentenceOf(payment.status)}${payment.declineReason ? `: ${sentenceOf(payment.declineReason)}` : ""}`
          : "No card was given yet."}
        {payment?.givenBackMinor ? ` ${money(payment.givenBackMinor, currency)} given back.` : ""}
      </Text>
      <Group>
        {status === "CONFIRMED" && <Button onClick={() => onAsk("refund")}>Refund …</Button>}
        {isOpen && <Button onClick={() => onAsk("cancel")}>Cancel the order …</Button>}
      </Group>
      <RefundOrder order={order} opened={asking === "refund"} onClose={() => onAsk(undefined)} />
      <CancelOrder order={order} opened={asking === "cancel"} onClose={() => onAsk(undefined)} />
    </>
  );
}
