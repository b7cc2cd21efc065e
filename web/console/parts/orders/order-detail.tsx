/** One order beside the list: what it is, what happened to it, its payment, and how it can be ended. */
import { Button, Group, Text } from "@mantine/core";
import { count, exactTime, money, timeOfDay } from "../../../lib/amounts.ts";
import { isFree, isMoneyOnItsWay } from "../../../lib/order-state.ts";
import type { Order } from "../../api.ts";
import { type RawEvent, useLiveOrder } from "../../live-order.ts";
import { sentenceOf, stateWord } from "../../order-words.ts";
import { Facts } from "../facts.tsx";
import { Loading } from "../loading.tsx";
import { ProblemNote } from "../problem.tsx";
import { OrderStatus, Status } from "../status.tsx";
import { BlackBox } from "./black-box.tsx";
import { CancelOrder } from "./cancel-order.tsx";
import { OrderMails } from "./order-mails.tsx";
import { RawEvents } from "./raw-events.tsx";
import { RefundOrder, takingBack } from "./refund-order.tsx";

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
  const { orderId, productId, quantity, price, total, currency, status, reason, payBy, timeline } = order;
  const { userId, email } = order;
  const isOpen = status === "INVENTORY_RESERVED" || status === "PAYMENT_PENDING" || status === "PENDING";
  const facts = {
    Status: <OrderStatus order={order} />,
    ...(reason && { Reason: stateWord(reason, order) }),
    Buyer: email ? `${email} (${userId})` : userId,
    Product: productId,
    ...(currency
      ? { Units: `${count(quantity)} at ${money(price, currency)}`, Total: money(total, currency) }
      : { Units: count(quantity) }),
    ...(isOpen && { [isFree(order) ? "To be confirmed by" : "To be paid by"]: timeOfDay(payBy) }),
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
        {timeline.map(({ status: what, at, reason: why, givenBackMinor: back }) => (
          <li key={`${what} ${at}`}>
            {stateWord(what, order)}
            {back && `: ${money(back, currency)} in all`}
            {why && <span>: {stateWord(why, order)}</span>}
            <div className="when">{exactTime(at)}</div>
          </li>
        ))}
      </ol>
      <h3>Payment</h3>
      <Text mb="md">{paymentOf(order)}</Text>
      <h3>Workflow</h3>
      <Text mb="md">{workflowOf(order)}</Text>
      <OrderMails orderId={orderId} status={status} />
      <BlackBox orderId={orderId} />
      <RawEvents events={events} />
      <Group>
        {status === "CONFIRMED" && <Button onClick={() => onAsk("refund")}>{takingBack(order)} …</Button>}
        {isOpen && <Button onClick={() => onAsk("cancel")}>Cancel the order …</Button>}
      </Group>
      <RefundOrder order={order} opened={asking === "refund"} onClose={() => onAsk(undefined)} />
      <CancelOrder order={order} opened={asking === "cancel"} onClose={() => onAsk(undefined)} />
    </>
  );
}

function paymentOf(order: Order): string {
  const { payment, currency } = order;
  if (isFree(order)) return "It costs nothing, so no card is asked for.";
  if (!payment) return order.currency ? "No card was given yet." : "It was never to be paid.";
  const why = payment.declineReason ? `: ${sentenceOf(payment.declineReason)}` : "";
  const back = payment.givenBackMinor ? `; ${money(payment.givenBackMinor, currency)} given back` : "";
  const status = payment.isOnItsWay ? "Goes back to the buyer" : sentenceOf(payment.status);
  return `${status}${why}${back}`;
}

/** A run of the workflow engine takes the order once there is something to do. */
function workflowOf(order: Order): string {
  const { status, reason, payBy } = order;
  if (reason === "payment_undecided") return "It waits until the payment provider has decided.";
  if (status === "PENDING" || status === "INVENTORY_RESERVED") return "The order is on its way to the books.";
  if (status === "PAYMENT_PENDING")
    return `It waits ${isFree(order) ? "to be confirmed" : "for the payment"} until ${timeOfDay(payBy)}.`;
  return isMoneyOnItsWay(order)
    ? "It has ended. The refund goes on by itself until the money is back."
    : "It has ended.";
}
