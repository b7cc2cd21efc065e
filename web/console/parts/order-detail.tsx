/** One order beside the list: what it is, what happened to it, its payment, and how it can be ended. */
import { Button, Group, Text } from "@mantine/core";
import { count, exactTime, money, timeOfDay } from "../../lib/amounts.ts";
import type { Order } from "../api.ts";
import { moneyIsOnItsWay, type RawEvent, useLiveOrder } from "../live-order.ts";
import { BlackBox } from "./black-box.tsx";
import { CancelOrder } from "./cancel-order.tsx";
import { Facts } from "./facts.tsx";
import { Loading } from "./loading.tsx";
import { OrderMails } from "./order-mails.tsx";
import { ProblemNote } from "./problem.tsx";
import { RawEvents } from "./raw-events.tsx";
import { RefundOrder } from "./refund-order.tsx";
import { OrderStatus, Status, sentenceOf, statusWord } from "./status.tsx";

/** Which act the operator is asked about. */
export type Asking = "cancel" | "refund" | undefined;

type AskingProps = { asking: Asking; onAsk(asking: Asking): void };

export function OrderDetail({ orderId, ...asking }: { orderId: string } & AskingProps) {
  const { order, events, isLive } = useLiveOrder(orderId);
  if (order.isPending) return <Loading rows={6} />;
  return (
    <>
      {order.isError && <ProblemNote error={order.error} again={order.refetch} />}
      {order.data && <Shown order={order.data} events={events} isLive={isLive} {...asking} />}
    </>
  );
}

type ShownProps = { order: Order; events: readonly RawEvent[]; isLive: boolean } & AskingProps;

function Shown({ order, events, isLive, asking, onAsk }: ShownProps) {
  const { orderId, productId, quantity, price, total, currency, status, reason, payBy, payment, timeline } = order;
  const { userId, email } = order;
  const isOpen = status === "INVENTORY_RESERVED" || status === "PAYMENT_PENDING" || status === "PENDING";
  const facts = {
    Status: <OrderStatus status={status} />,
    ...(reason && { Reason: sentenceOf(reason) }),
    Buyer: email ? `${email} (${userId})` : userId,
    Product: productId,
    Units: `${count(quantity)} at ${money(price, currency)}`,
    Total: money(total, currency),
    ...(isOpen && { [total ? "To be paid by" : "To be confirmed by"]: timeOfDay(payBy) }),
    "Order id": orderId,
  };
  return (
    <>
      <Facts facts={facts} />
      <h3>What happened</h3>
      {isOpen && (
        <Text mb="sm" role="status">
          {isLive ? <Status tone="ok">Live</Status> : <Status tone="still">Connecting</Status>}
        </Text>
      )}
      <ol className="timeline">
        {timeline.map(({ status: what, at, reason: why }) => (
          <li key={`${what} ${at}`}>
            {statusWord(what)}
            {why && <span>: {sentenceOf(why)}</span>}
            <div className="when">{exactTime(at)}</div>
          </li>
        ))}
      </ol>
      <h3>Payment</h3>
      <Text mb="md">
        {payment
          ? `${sentenceOf(payment.status)}${payment.declineReason ? `: ${sentenceOf(payment.declineReason)}` : ""}`
          : total
            ? "No card was given yet."
            : "It costs nothing, so no card is asked for."}
        {payment?.givenBackMinor ? `; ${money(payment.givenBackMinor, currency)} given back` : ""}
      </Text>
      <h3>Workflow</h3>
      <Text mb="md">{workflowOf(order)}</Text>
      <OrderMails orderId={orderId} status={status} />
      <BlackBox orderId={orderId} />
      <RawEvents events={events} />
      <Group>
        {status === "CONFIRMED" && <Button onClick={() => onAsk("refund")}>Refund …</Button>}
        {isOpen && <Button onClick={() => onAsk("cancel")}>Cancel the order …</Button>}
      </Group>
      <RefundOrder order={order} opened={asking === "refund"} onClose={() => onAsk(undefined)} />
      <CancelOrder order={order} opened={asking === "cancel"} onClose={() => onAsk(undefined)} />
    </>
  );
}

/** A run of the workflow engine takes the order once there is something to do. */
function workflowOf(order: Order): string {
  const { status, reason, payBy } = order;
  if (reason === "payment_undecided") return "It waits until the payment provider has decided.";
  if (status === "PENDING" || status === "INVENTORY_RESERVED") return "The order is on its way to the books.";
  if (status === "PAYMENT_PENDING") return `It waits for the payment until ${timeOfDay(payBy)}.`;
  return moneyIsOnItsWay(order)
    ? "It has ended. The refund goes on by itself until the money is back."
    : "It has ended.";
}
