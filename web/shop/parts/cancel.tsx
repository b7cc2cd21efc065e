/** Cancelling an order that is not paid: asked once more before it is done. */
import { useEffect, useRef, useState } from "preact/hooks";
import { api, type Order, type Problem } from "../../lib/api.ts";
import { say } from "../../lib/language.ts";
import { ProblemNotice } from "./notice.tsx";

export function Cancel({ orderId, onCancelled }: { orderId: string; onCancelled(order: Order): void }) {
  const [step, setStep] = useState<"offered" | "asked" | "sent">("offered");
  const [problem, setProblem] = useState<Problem>();
  const offer = useRef<HTMLButtonElement>(null);
  const keep = useRef<HTMLButtonElement>(null);
  const isFirst = useRef(true);

  // The button that had the focus is gone: the keyboard goes on from the one in its place.
  useEffect(() => {
    if (!isFirst.current) (step === "asked" ? keep : offer).current?.focus();
    isFirst.current = false;
  }, [step]);

  async function cancel() {
    setStep("sent");
    setProblem(undefined);
    const answer = await api.cancel(orderId);
    if (answer.ok) return onCancelled(answer.body);
    setProblem(answer.problem);
    setStep("offered");
  }

  return (
    <div class="cancel">
      {problem && <ProblemNotice problem={problem} isNews />}
      {step === "offered" && (
        <button class="plain" type="button" ref={offer} onClick={() => setStep("asked")}>
          {say("cancelOrder")}
        </button>
      )}
      {step === "sent" && <p role="status">{say("cancelling")}</p>}
      {step === "asked" && (
        <div class="notice">
          <p>{say("cancelSure")}</p>
          <p class="ways">
            <button class="button" type="button" ref={keep} onClick={() => setStep("offered")}>
              {say("cancelNo")}
            </button>
            <button class="plain" type="button" onClick={cancel}>
              {say("cancelYes")}
            </button>
          </p>
        </div>
      )}
    </div>
  );
}
