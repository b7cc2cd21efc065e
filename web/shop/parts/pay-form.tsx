/** Pays an order by card, or takes one that costs nothing. The form keeps its input, even if the bank declines. */
import type { TargetedEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { money } from "../../lib/amounts.ts";
import { api, type Order, type Problem } from "../../lib/api.ts";
import { say } from "../../lib/language.ts";
import { cardOf, type Field, faultsOf } from "./card.ts";
import { ProblemNotice } from "./notice.tsx";
import { TestCards } from "./test-cards.tsx";

export function PayForm({ order }: { order: Order }) {
  const [card, setCard] = useState({ number: "", expiry: "", code: "" });
  const [wrong, setWrong] = useState<readonly Field[]>([]);
  const [failed, setFailed] = useState<{ problem: Problem; sentAt: number }>();
  /** How much had happened when the card was sent: with the next thing that happens there is an answer. */
  const [sentAt, setSentAt] = useState<number>();
  const form = useRef<HTMLFormElement>(null);
  const status = useRef<HTMLDivElement>(null);

  // More time is no answer of the bank.
  const answers = order.timeline.filter(({ status }) => status !== "PAYMENT_EXTENDED");
  const happened = answers.length;
  const last = answers.at(-1);
  const isPaying = sentAt === happened || order.payment?.status === "processing";
  // If something has happened since, the card had arrived.
  const problem = failed?.sentAt === happened ? failed.problem : undefined;
  const isDeclined = !isPaying && !problem && last?.status === "PAYMENT_DECLINED";

  useEffect(() => {
    if (isDeclined || problem) status.current?.focus();
  }, [isDeclined, problem]);

  async function send(event: TargetedEvent<HTMLFormElement>) {
    event.preventDefault();
    if (isPaying) return;
    const faults = order.total ? faultsOf(card) : [];
    setWrong(faults);
    const [first] = faults;
    if (first) return form.current?.querySelector<HTMLInputElement>(`[name=${first}]`)?.focus();
    setFailed(undefined);
    setSentAt(happened);
    const answer = await api.pay(order.orderId, order.total ? cardOf(card) : {});
    // An earlier card is being decided: its answer comes as this one's would.
    if (answer.ok || answer.problem.code === "payment_in_progress" || answer.problem.code === "already_paid") return;
    // Another card may be on its way by now.
    setSentAt((known) => (known === happened ? undefined : known));
    setFailed({ problem: answer.problem, sentAt: happened });
  }

  const field = (name: Field, label: string, fault: string, more: Record<string, string | number>) => (
    <label class="field">
      <span>{label}</span>
      <input
        {...more}
        name={name}
        dir="ltr"
        value={card[name]}
        aria-invalid={wrong.includes(name)}
        aria-describedby={wrong.includes(name) ? `${name}-fault` : undefined}
        onInput={({ currentTarget: { value } }) => {
          // A browser fills all fields before the page is drawn again.
          setCard((known) => ({ ...known, [name]: value }));
          setWrong((known) => known.filter((one) => one !== name));
        }}
      />
      {wrong.includes(name) && (
        <span class="fault" id={`${name}-fault`}>
          {fault}
        </span>
      )}
    </label>
  );
  const freely = (words: "expiry" | "securityCode") => `${say(words)} (${say("optional")})`;
  return (
    <form class="pay" ref={form} onSubmit={send} noValidate>
      <div class="status" role="status" tabIndex={-1} ref={status}>
        {problem && <ProblemNotice problem={problem} />}
        {isDeclined && (
          <p class="notice bad">{say(last?.reason === "insufficient_funds" ? "declinedFunds" : "declined")}</p>
        )}
        {isPaying && order.total > 0 && <p class="notice">{say("bankDecides")}</p>}
      </div>
      {order.total > 0 && (
        <>
          {field("number", say("cardNumber"), say("cardNumberWrong"), {
            inputMode: "numeric",
            autoComplete: "cc-number",
            maxLength: 25,
          })}
          <div class="pair">
            {field("expiry", freely("expiry"), say("expiryWrong"), {
              autoComplete: "cc-exp",
              maxLength: 7,
              placeholder: "04/30",
            })}
            {field("code", freely("securityCode"), say("securityCodeWrong"), {
              inputMode: "numeric",
              autoComplete: "cc-csc",
              maxLength: 4,
            })}
          </div>
          <TestCards onPick={(number) => setCard({ ...card, number })} />
        </>
      )}
      <button class="big" type="submit" aria-busy={isPaying}>
        <span>{say(order.total === 0 ? "takeFree" : isPaying ? "paying" : "pay")}</span>
        <span class="figure">{money(order.total, order.currency)}</span>
      </button>
      {order.total > 0 && <p class="fine">{say("payNote")}</p>}
    </form>
  );
}
