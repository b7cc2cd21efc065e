/** The state of buying on a product's page: under way, refused, or held already. */
import { useEffect, useRef, useState } from "preact/hooks";
import { type Answer, api, type PassView, type Problem, type Product } from "../lib/api.ts";
import { beginAttempt, buy, type HeldOrder, heldName, type OpenAttempt, openAttempt } from "../lib/attempt.ts";
import { isClockHeard, shopNowMs } from "../lib/clock.ts";
import { kept } from "../lib/kept.ts";
import { go } from "../lib/router.ts";

const lookEveryMs = 500;

export type Buying = {
  isAsking: boolean;
  refusal: Problem | undefined;
  held: HeldOrder | undefined;
  start(product: Product, quantity: number): Promise<void>;
};

type Begun = OpenAttempt | { problem: Problem };

/** `line`: the drop whose line the product is sold to; then a pass is asked for first. */
export function useBuying(productId: string, onRefusal: (problem: Problem) => void, line?: string): Buying {
  const [isAsking, setAsking] = useState(false);
  const [refusal, setRefusal] = useState<Problem>();
  const held = useHeld(productId);
  const isShown = useRef(true);
  const isBusy = useRef(false);

  async function ask(begin: () => Promise<Begun> | Begun): Promise<void> {
    if (isBusy.current) return;
    isBusy.current = true;
    setAsking(true);
    setRefusal(undefined);
    const path = location.pathname;
    const begun = await begin();
    const answer = "problem" in begun ? { ok: false as const, ...begun } : await buy(productId, begun);
    isBusy.current = false;
    const orderId = answer.ok ? answer.body.orderId : orderOfPass(answer.problem);
    // Also if another choice of the drop is shown by now: the order is theirs, and has to be paid.
    if (orderId && location.pathname === path) return go(`/o/${orderId}`);
    if (answer.ok || !isShown.current) return;
    setAsking(false);
    setRefusal(answer.problem);
    onRefusal(answer.problem);
  }

  async function begin(product: Product, quantity: number): Promise<Begun> {
    const asked = { quantity, expectedTotal: product.price * quantity };
    if (line === undefined) return beginAttempt(productId, asked);
    const answer = await passFor(line, productId);
    return answer.ok ? beginAttempt(productId, { ...asked, pass: answer.body.pass }) : answer;
  }

  useEffect(() => {
    isShown.current = true;
    void openAttempt(productId).then((open) => {
      if (open && isShown.current) void ask(() => open);
    });
    return () => {
      isShown.current = false;
    };
  }, [productId]);

  const start = (product: Product, quantity: number) => ask(() => begin(product, quantity));
  return { isAsking, refusal, held, start };
}

/** One that was given for another choice of the drop is exchanged; if none of this one is free, it stays what it is. */
async function passFor(dropId: string, productId: string): Promise<Answer<PassView>> {
  const given = await api.pass(dropId, productId);
  if (!given.ok || given.body.productId === productId) return given;
  return api.exchangePass(dropId, given.body.pass, productId);
}

/** A pass that is spent has made its order, in another tab or on another device. */
function orderOfPass({ code, orderId }: Problem): string | undefined {
  return code === "pass_spent" ? orderId : undefined;
}

/** An order of another tab comes and goes here too. It is kept as text: the same one, read again, draws nothing anew. */
function useHeld(productId: string): HeldOrder | undefined {
  const [held, setHeld] = useState<string>();
  useEffect(() => {
    const look = () => setHeld(heldNow(productId));
    look();
    const looking = setInterval(look, lookEveryMs);
    return () => clearInterval(looking);
  }, [productId]);
  return held && JSON.parse(held);
}

/** By the shop's clock: a device whose clock is wrong would tell of a hold that is over, or of none. */
function heldNow(productId: string): string | undefined {
  const held = kept.read<HeldOrder>(heldName(productId));
  return held && isClockHeard() && Date.parse(held.payBy) > shopNowMs() ? JSON.stringify(held) : undefined;
}
