/** `/o/{order}`: pay for it, follow it, cancel it. */
import { useEffect, useRef, useState } from "preact/hooks";
import { count, dayAndTime, money, shortCode } from "../lib/amounts.ts";
import { api, type Order, type Problem, type Product } from "../lib/api.ts";
import { type HeldOrder, heldName } from "../lib/attempt.ts";
import { kept } from "../lib/kept.ts";
import { say } from "../lib/language.ts";
import { isFree } from "../lib/order-state.ts";
import { type Followed, followOrder, isFinal } from "../lib/stream.ts";
import { Art } from "./parts/art.tsx";
import { Cancel } from "./parts/cancel.tsx";
import { Countdown } from "./parts/countdown.tsx";
import { Extend } from "./parts/extend.tsx";
import { Name } from "./parts/name.tsx";
import { Pill, ProblemNotice } from "./parts/notice.tsx";
import { Pay } from "./parts/pay.tsx";
import { Receipt } from "./parts/receipt.tsx";
import { sayStatus, Timeline, toneOfStatus } from "./parts/timeline.tsx";
import { useTitle } from "./parts/title.ts";

export function OrderPage({ orderId }: { orderId: string }) {
  const [order, setOrder] = useState<Order>();
  const [product, setProduct] = useState<Product>();
  const [problem, setProblem] = useState<Problem>();
  const [isLive, setLive] = useState(true);
  /** The page has shown the order before it ended. */
  const wasOpen = useRef(false);
  const following = useRef<Followed>(undefined);

  useTitle(say("orderOf", { code: shortCode(orderId) }));
  useEffect(() => {
    following.current = followOrder(orderId, {
      onOrder(next) {
        setOrder(next);
        setProblem(undefined);
        const held = heldName(next.productId);
        if (isFinal(next) && kept.read<HeldOrder>(held)?.orderId === orderId) kept.forget(held);
      },
      onProblem: setProblem,
      onConnection: setLive,
    });
    return following.current.end;
  }, [orderId]);

  const productId = order?.productId;
  useEffect(() => {
    if (productId) void api.product(productId).then((answer) => answer.ok && setProduct(answer.body));
  }, [productId]);

  if (!order) return <Unread problem={problem} />;
  if (!isFinal(order)) wasOpen.current = true;
  const isUnheard = !isFinal(order) && !isLive;
  /** A person who is signed out hears nothing more before they sign in, and can do nothing: it is said above the form. */
  const isShutOut = isUnheard && [401, 404].includes(problem?.status ?? 0);
  const shown = product ?? { ...order, name: order.productId, image: null };
  return (
    <article class="drop order">
      <div class="side">
        <Art product={shown} />
        <Timeline order={order} />
        {isUnheard && !isShutOut && <p class="fine">{say("reconnecting")}</p>}
      </div>
      <div class="story">
        <div class="head">
          <Pill tone={toneOfStatus(order.status)}>{sayStatus(order)}</Pill>
          <h1 tabIndex={-1}>
            <Name>{shown.name}</Name>
          </h1>
          <p class="facts">
            <b>{order.currency && money(order.total, order.currency)}</b>
            {order.quantity > 1 && (
              <span>
                {say("quantityAndTotal", { count: count(order.quantity), price: money(order.price, order.currency) })}
              </span>
            )}
            {order.payment?.givenBackMinor && (
              <span>
                {say("state_PAYMENT_PARTLY_REFUNDED")}: {money(order.payment.givenBackMinor, order.currency)}
              </span>
            )}
            <span>
              {say("order")} <bdi class="code">{shortCode(orderId)}</bdi>
            </span>
          </p>
        </div>
        {isShutOut && problem && <ProblemNotice problem={problem} isNews />}
        {isFinal(order) ? (
          <Ended order={order} isNews={wasOpen.current} />
        ) : (
          <Open order={order} onOrder={(answer) => following.current?.hear(answer)} />
        )}
        {order.status !== "PENDING" && <Receipt orderId={orderId} />}
      </div>
    </article>
  );
}

function Open({ order, onOrder }: { order: Order; onOrder(order: Order): void }) {
  if (order.reason === "payment_undecided") return <p class="notice">{say("bankStillDecides")}</p>;
  return (
    <>
      <Countdown payBy={order.payBy} />
      <Extend order={order} onOrder={onOrder} />
      <Pay order={order} />
      <Cancel orderId={order.orderId} onCancelled={onOrder} />
    </>
  );
}

function Ended({ order, isNews }: { order: Order; isNews: boolean }) {
  const verdict = useRef<HTMLParagraphElement>(null);
  // The form or button that had the focus is gone: the keyboard goes on from the news.
  useEffect(() => {
    if (isNews && document.activeElement === document.body) verdict.current?.focus();
  }, [isNews]);
  const code = shortCode(order.orderId);
  const typed = typedReason(order);
  const free = isFree(order);
  const [title, note] = {
    CONFIRMED: [say("doneTitle"), say(free ? "orderOf" : "doneNote", { code })],
    CANCELLED: [say("state_CANCELLED"), cancelledNote(order.reason, free)],
    REFUNDED: [sayStatus(order), say(free ? "endedFree" : "refundedNote")],
    FAILED: [say("failedTitle"), say(whyFailed(order.reason, free))],
  }[order.status as "CONFIRMED" | "CANCELLED" | "REFUNDED" | "FAILED"] as [string, string];
  return (
    <div class="ended">
      <p class="verdict" role="status" tabIndex={-1} ref={verdict}>
        {title}
      </p>
      <p>{note}</p>
      {typed && (
        <p>
          {say("reason")} <Name>{typed}</Name>
        </p>
      )}
      <p class="fine">{say("placedAt", { time: dayAndTime(order.placedAt) })}</p>
      <p class="ways">
        <a class="button" href={order.status === "CONFIRMED" ? "/me" : `/p/${encodeURIComponent(order.productId)}`}>
          {order.status === "CONFIRMED" ? say("yourOrders") : say("buyAgain")}
        </a>
      </p>
    </div>
  );
}

function cancelledNote(reason: string | undefined, free: boolean): string {
  const note = say(free ? "endedFree" : "cancelledNote");
  return reason === "cancelled_by_customer" ? note : `${say("cancelledByShop")} ${note}`;
}

/** The reason that the shop's staff typed for the buyer. A code, as `cancelled_by_admin`, is not shown. */
function typedReason({ status, reason = "" }: Order): string {
  const isOfTheShop = status === "CANCELLED" || status === "REFUNDED";
  return isOfTheShop && !/^[a-z]+(?:_[a-z]+)+$/.test(reason) ? reason : "";
}

function whyFailed(reason: string | undefined, free: boolean) {
  if (reason === "order_failed") return "failedOrder";
  if (free) return "endedFree";
  return reason === "next_in_line" ? "failedNextInLine" : "failedNote";
}

function Unread({ problem }: { problem: Problem | undefined }) {
  if (!problem) return <Skeleton />;
  return (
    <div class="wide empty">
      <h1 tabIndex={-1}>{say("order")}</h1>
      <ProblemNotice problem={problem} />
      {problem.code !== "unauthenticated" && (
        <p>
          <a class="button" href="/me">
            {say("yourOrders")}
          </a>
        </p>
      )}
    </div>
  );
}

function Skeleton() {
  return (
    <article class="drop order ghost">
      <div class="side">
        <div class="art" />
      </div>
      <div class="story">
        <div class="head">
          <Pill tone="still">{say("loading")}</Pill>
          <h1 tabIndex={-1}>{say("order")}</h1>
          <p class="facts">&nbsp;</p>
        </div>
        <p class="clock name" aria-hidden="true">
          &nbsp;
        </p>
      </div>
    </article>
  );
}
