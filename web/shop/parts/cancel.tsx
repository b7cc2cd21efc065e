/** Cancelling an order that is not paid: asked once more before it is done. */
import { useEffect, useRef, useState } from "preact/hooks";
import { api, type Order, type Problem } from "../../lib/api.ts";
import { say } from "../../lib/language.ts";
import { ProblemNotice } from "./notice.tsx";

export function Cancel({ orderId, onCancelled }: { orderId: string; onCancelled(order: Order): void }) {
  const [step, setStep] = useState<"offered" | "asked" | "sent">("offered");
  const [problem, setProblem] = useState<Problem>();
  const keep = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    if (step === "asked") keep.current?.focus();
  }, [step]);

  async function cancel() {
    setStep("sent");
    const answer = await api.cancel(orderId);
    if (answer.ok) return onCancelled(answer.body);
    setProblem(answer.problem);
    setStep("offered");
  }

  return (
    <div class="cancel">
      {problem && <ProblemNotice problem={problem} />}
      {step === "offered" && (
        <button class="plain" type="button" onClick={() => setStep("asked")}>
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
