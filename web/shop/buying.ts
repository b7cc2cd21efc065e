/** The state of buying on a product's page: under way, refused, or held already. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Problem, Product } from "../lib/api.ts";
import { beginAttempt, buy, type HeldOrder, heldName, openAttempt } from "../lib/attempt.ts";
import type { Attempt } from "../lib/attempts.ts";
import { shopNowMs } from "../lib/clock.ts";
import { kept, onKeptElsewhere } from "../lib/kept.ts";
import { go } from "../lib/router.ts";

export type Buying = {
  isAsking: boolean;
  refusal: Problem | undefined;
  held: HeldOrder | undefined;
  start(product: Product, quantity: number): Promise<void>;
};

export function useBuying(productId: string, onRefusal: (problem: Problem) => void): Buying {
  const [isAsking, setAsking] = useState(false);
  const [refusal, setRefusal] = useState<Problem>();
  const [held, setHeld] = useState(() => heldNow(productId));
  const isShown = useRef(true);
  const isBusy = useRef(false);

  async function ask(begin: () => Promise<Attempt> | Attempt): Promise<void> {
    if (isBusy.current) return;
    isBusy.current = true;
    setAsking(true);
    setRefusal(undefined);
    const answer = await buy(productId, await begin());
    isBusy.current = false;
    if (!isShown.current) return;
    if (answer.ok) return go(`/o/${answer.body.orderId}`);
    setAsking(false);
    setRefusal(answer.problem);
    onRefusal(answer.problem);
  }

  useEffect(() => {
    isShown.current = true;
    void openAttempt(productId).then((open) => {
      if (open && isShown.current) void ask(() => open);
    });
    const stopHearing = onKeptElsewhere(heldName(productId), () => setHeld(heldNow(productId)));
    return () => {
      isShown.current = false;
      stopHearing();
    };
  }, [productId]);

  const start = (product: Product, quantity: number) =>
    ask(() => beginAttempt(productId, { quantity, expectedTotal: product.price * quantity }));
  return { isAsking, refusal, held, start };
}

function heldNow(productId: string): HeldOrder | undefined {
  const held = kept.read<HeldOrder>(heldName(productId));
  return held && Date.parse(held.payBy) > shopNowMs() ? held : undefined;
}
