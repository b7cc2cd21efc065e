/** Pays an order by Stripe: the card is typed into a field of Stripe's own, and this shop gets a token of it. */
import type { TargetedEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { money } from "../../lib/amounts.ts";
import { api, type Order, type PayMeans, type Problem } from "../../lib/api.ts";
import { kept } from "../../lib/kept.ts";
import { currentLanguage, say } from "../../lib/language.ts";
import { ProblemNotice } from "./notice.tsx";
import { type CardField, openStripe, type StripeClient } from "./stripe-script.ts";

type Props = { order: Order; stripe: NonNullable<PayMeans["stripe"]> };

export function PayByStripe({ order, stripe }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const field = useRef<{ client: StripeClient; card: CardField }>(undefined);
  const [isAway, setAway] = useState(false);
  /** Stripe's own sentence, in the page's language. */
  const [fault, setFault] = useState<string>();
  const [problem, setProblem] = useState<Problem>();
  /** How much had happened when the card was sent: with the next thing that happens there is an answer. */
  const [sentAt, setSentAt] = useState<number>();

  const answers = order.timeline.filter(({ status }) => status !== "PAYMENT_EXTENDED");
  const last = answers.at(-1);
  const isUndecided = order.payment?.status === "processing" && last?.status !== "PAYMENT_DECLINED";
  const isPaying = sentAt === answers.length || isUndecided;
  const bankPage = isUndecided ? kept.read<string>(bankOf(order.orderId)) : undefined;

  useEffect(() => {
    let isGone = false;
    openStripe(stripe.script, stripe.publishableKey).then(
      (client) => {
        if (isGone || !place.current) return;
        const { color, fontFamily } = getComputedStyle(place.current);
        const style = { base: { color, fontFamily, fontSize: "16px" } };
        const card = client.elements({ locale: currentLanguage() }).create("card", { hidePostalCode: true, style });
        card.mount(place.current);
        field.current = { client, card };
      },
      () => setAway(true),
    );
    return () => {
      isGone = true;
      field.current?.card.unmount();
    };
  }, [stripe.script, stripe.publishableKey]);

  async function send(event: TargetedEvent<HTMLFormElement>) {
    event.preventDefault();
    if (isPaying || !field.current) return;
    const { client, card } = field.current;
    setFault(undefined);
    setProblem(undefined);
    const happened = answers.length;
    // Another card may be on its way once the answer comes.
    const givenUp = () => setSentAt((known) => (known === happened ? undefined : known));
    setSentAt(happened);
    const made = await client.createPaymentMethod({ type: "card", card });
    if (!made.paymentMethod) {
      givenUp();
      return setFault(made.error?.message ?? say("cardFieldAway"));
    }
    const answer = await api.pay(order.orderId, { paymentMethod: made.paymentMethod.id });
    if (answer.ok && answer.body.actionUrl) {
      kept.write(bankOf(order.orderId), answer.body.actionUrl);
      // A person who has left finds the way to the bank on the page of the order.
      if (place.current) location.assign(answer.body.actionUrl);
      return;
    }
    // An earlier card is being decided: its answer comes as this one's would.
    if (answer.ok || answer.problem.code === "payment_in_progress" || answer.problem.code === "already_paid") return;
    givenUp();
    setProblem(answer.problem);
  }

  return (
    <form class="pay" onSubmit={send} noValidate>
      <div class="status" role="status">
        {problem && <ProblemNotice problem={problem} />}
        {(fault ?? (isAway && say("cardFieldAway"))) && <p class="notice bad">{fault ?? say("cardFieldAway")}</p>}
        {!isPaying && last?.status === "PAYMENT_DECLINED" && (
          <p class="notice bad">{say(last.reason === "insufficient_funds" ? "declinedFunds" : "declined")}</p>
        )}
        {isPaying && !bankPage && <p class="notice">{say("bankDecides")}</p>}
        {bankPage && (
          <p class="notice">
            {say("bankAsks")} <a href={bankPage}>{say("toYourBank")}</a>
          </p>
        )}
      </div>
      <div class="field">
        <span>{say("cardNumber")}</span>
        <div class="stripe-field" ref={place} />
      </div>
      <button class="big" type="submit" aria-busy={isPaying} disabled={isAway}>
        <span>{isPaying ? say("paying") : say("pay")}</span>
        <span class="figure">{money(order.total, order.currency)}</span>
      </button>
      <p class="fine">
        {say("cardToStripe")} {say("payNote")}
      </p>
    </form>
  );
}

/** So that the way to the bank is still there after the page was loaded again. */
function bankOf(orderId: string): string {
  return `bank:${orderId}`;
}
