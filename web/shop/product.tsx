/** `/p/{product}`: one product, one action. */
import { useEffect, useRef, useState } from "preact/hooks";
import { count, money, timeOfDay } from "../lib/amounts.ts";
import { api, type Problem, type Product } from "../lib/api.ts";
import { isUnknownYet } from "../lib/attempt.ts";
import { say } from "../lib/language.ts";
import { type Buying, useBuying } from "./buying.ts";
import { Art } from "./parts/art.tsx";
import { useSecondsUntil } from "./parts/countdown.tsx";
import { Name, nameClass } from "./parts/name.tsx";
import { Pill, ProblemNotice, type Tone } from "./parts/notice.tsx";
import { Quantity } from "./parts/quantity.tsx";
import { RefusalReceipt } from "./parts/receipt.tsx";
import { useTitle } from "./parts/title.ts";
import { LimitText } from "./product-list.tsx";

const againAfterMs = 5_000;
/** Asking again does not help. */
export const neverThere = ["product_not_found", "drop_not_found", "not_found", "validation"];

export function ProductPage({ productId }: { productId: string }) {
  const [product, setProduct] = useState<Product>();
  const [problem, setProblem] = useState<Problem>();
  const [quantity, setQuantity] = useState(1);
  const buying = useBuying(productId, ({ code }) => void (code === "price_changed" && read()));

  async function read(): Promise<boolean> {
    const answer = await api.product(productId);
    if (answer.ok) setProduct(answer.body);
    setProblem(answer.ok ? undefined : answer.problem);
    return answer.ok || neverThere.includes(answer.problem.code);
  }

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let isShown = true;
    const readUntilKnown = async () => {
      if (!(await read()) && isShown) timer = setTimeout(readUntilKnown, againAfterMs);
    };
    void readUntilKnown();
    return () => {
      isShown = false;
      clearTimeout(timer);
    };
  }, [productId]);

  useTitle(product?.name);

  if (problem && !product) return <NotThere problem={problem} />;
  return (
    <article class={`drop ${product ? "" : "ghost"} ${buying.refusal?.code === "sold_out" ? "gone" : ""}`}>
      {product ? <Art product={product} /> : <div class="art" />}
      <div class="story">
        <div class="head">
          <Pill tone={toneOf(buying.refusal)}>{product ? wordOf(buying.refusal) : say("loading")}</Pill>
          <h1 tabIndex={-1} class={nameClass(product?.name ?? "")}>
            <Name>{product?.name ?? say("loading")}</Name>
          </h1>
          {product && (
            <p class="facts">
              <b>{money(product.price, product.currency)}</b>
              <LimitText limit={product.limitPerCustomer} />
              <span>{say("heldWhilePaying")}</span>
            </p>
          )}
        </div>
        {product?.description && (
          <p class="about">
            <Name>{product.description}</Name>
          </p>
        )}
        {product && <Quantity limit={product.limitPerCustomer} value={quantity} onChange={setQuantity} />}
        {product && <Action product={product} quantity={quantity} buying={buying} />}
      </div>
    </article>
  );
}

type ActionProps = {
  product: Product;
  quantity: number;
  buying: Buying;
  isClosed?: boolean;
  /** Said instead of the usual verb, if nothing can be bought. */
  verb?: string | undefined;
  /** Of the drop, if it is sold to a line. */
  dropId?: string | undefined;
};

export function Action({ product, quantity, buying, isClosed = false, verb, dropId }: ActionProps) {
  const { isAsking, refusal, held, start } = buying;
  const status = useRef<HTMLDivElement>(null);
  const [waitUntilMs, setWaitUntilMs] = useState(0);
  const waitSeconds = useSecondsUntil(waitUntilMs);

  useEffect(() => {
    if (!refusal) return;
    status.current?.focus();
    if (refusal.code === "rate_limited") setWaitUntilMs(performance.now() + (refusal.retryAfterMs ?? 1_000));
  }, [refusal]);

  const isWaiting = waitSeconds > 0;
  return (
    <>
      <div class="status" role="status" tabIndex={-1} ref={status}>
        {refusal && <Refused refusal={refusal} product={product} dropId={dropId} />}
        {held && !isAsking && (
          <p class="notice">
            {say("heldAlready", { time: timeOfDay(held.payBy) })} <a href={`/o/${held.orderId}`}>{say("openIt")}</a>
          </p>
        )}
      </div>
      <div class="act">
        <button
          class="big"
          type="button"
          disabled={isWaiting || isClosed}
          aria-busy={isAsking}
          onClick={() => start(product, quantity)}
        >
          <span>{isAsking ? say("askingShop") : (verb ?? verbOf(refusal, held !== undefined, quantity))}</span>
          <span class="figure">
            {isWaiting
              ? say("waitSeconds", { seconds: count(waitSeconds) })
              : money(product.price * quantity, product.currency)}
          </span>
        </button>
        {!verb && product.price > 0 && <p class="fine">{say("chargeNote")}</p>}
      </div>
    </>
  );
}

type RefusedProps = { refusal: Problem; product: Product; dropId: string | undefined };

function Refused({ refusal, product, dropId }: RefusedProps) {
  const lineUrl = refusal.listUrl ?? (dropId && ofTheLine.includes(refusal.code) ? lineOf(dropId) : undefined);
  if (isUnknownYet(refusal) && refusal.code !== "offline") {
    return (
      <div class="notice">
        <p>{say("outcomeUnknown")}</p>
      </div>
    );
  }
  return (
    <ProblemNotice problem={refusal}>
      {refusal.code === "price_changed" && (
        <p>
          <b>{say("priceNow", { price: money(product.price, product.currency) })}</b>
        </p>
      )}
      {lineUrl && (
        <p>
          <a href={lineUrl} data-load>
            {say("toLine")}
          </a>
        </p>
      )}
      {refusal.code === "limit_per_customer" && (
        <p>
          <a href="/me">{say("yourOrders")}</a>
        </p>
      )}
      {refusal.receipt && <RefusalReceipt receipt={refusal.receipt} />}
    </ProblemNotice>
  );
}

function verbOf(refusal: Problem | undefined, isHeld: boolean, quantity: number): string {
  if (refusal && isUnknownYet(refusal)) return say("askAgain");
  if (refusal && triedAgain.includes(refusal.code)) return say("tryAgain");
  if (quantity > 1) return say("buyCount", { count: count(quantity) });
  return isHeld ? say("buyAnother") : say("buy");
}

/** The waiting page of a drop is a file of its own. */
export function lineOf(dropId: string): string {
  return `/d/${encodeURIComponent(dropId)}/wait`;
}

const ofTheLine = ["not_in_line", "not_your_turn", "nothing_free", "pass_required", "pass_expired", "pass_invalid"];

const triedAgain = [
  "not_your_turn",
  "nothing_free",
  "gate_unavailable",
  "pass_expired",
  "sold_out",
  "closed",
  "price_not_available",
  "order_failed",
  "unauthenticated",
  "drop_not_open",
  "drop_paused",
];

function toneOf(refusal?: Problem): Tone {
  if (!refusal || !(refusal.code in words)) return "now";
  return refusal.code === "sold_out" ? "still" : "warn";
}

const words: Record<string, Parameters<typeof say>[0]> = {
  sold_out: "phase_sold_out_for_now",
  closed: "shopClosed",
  price_not_available: "unavailable",
  drop_not_open: "phase_upcoming",
  drop_paused: "phase_paused",
  drop_ended: "phase_ended",
};

function wordOf(refusal?: Problem): string {
  return say(words[refusal?.code ?? ""] ?? "onSale");
}

/** `title`: what is said of an address that names nothing. */
export function NotThere({ problem, title = say("notFoundTitle") }: { problem: Problem; title?: string }) {
  const isUnknown = neverThere.includes(problem.code);
  const heading = isUnknown ? title : say("unavailable");
  useTitle(heading);
  return (
    <div class="wide empty">
      <h1 tabIndex={-1}>{heading}</h1>
      {isUnknown ? <p>{say("notFoundNext")}</p> : <ProblemNotice problem={problem} />}
      <p>
        <a class="button" href="/">
          {say("toProducts")}
        </a>
      </p>
    </div>
  );
}
