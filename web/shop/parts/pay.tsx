/** Offers the way to pay that the shop's provider takes. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api, type Order, type PayMeans, type Problem } from "../../lib/api.ts";
import { readWordsAbout, say } from "../../lib/language.ts";
import { ProblemNotice } from "./notice.tsx";
import { PayForm } from "./pay-form.tsx";

type PayByStripe = typeof import("./pay-by-stripe.tsx")["PayByStripe"];
type StripeForm = ComponentType<Parameters<PayByStripe>[0]>;

const askAgainMs = 3_000;

/** No form is shown before the shop has answered: a card's number must not be typed where only Stripe may see it. */
export function Pay({ order }: { order: Order }) {
  const [means, setMeans] = useState<PayMeans>();
  const [problem, setProblem] = useState<Problem>();
  const [Stripe, setStripe] = useState<StripeForm>();

  useEffect(() => {
    let timer = 0;
    let isShown = true;
    async function ask() {
      const answer = await api.payMeans();
      setProblem(answer.ok ? undefined : answer.problem);
      if (!answer.ok) {
        if (!isShown) return;
        timer = setTimeout(ask, askAgainMs) as unknown as number;
        return;
      }
      setMeans(answer.body);
      if (!answer.body.stripe) return;
      const [{ PayByStripe }] = await Promise.all([import("./pay-by-stripe.tsx"), readWordsAbout("account")]);
      setStripe(() => PayByStripe);
    }
    void ask();
    return () => {
      isShown = false;
      clearTimeout(timer);
    };
  }, []);

  if (means?.takes === "card" || !order.total) return <PayForm order={order} />;
  if (means?.stripe && Stripe) return <Stripe order={order} stripe={means.stripe} />;
  return problem ? <ProblemNotice problem={problem} isNews /> : <p role="status">{say("loading")}</p>;
}
