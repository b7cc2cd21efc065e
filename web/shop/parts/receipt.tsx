/** The receipts of orders, signed by the shop, as files: what became of an order, and why a request was refused. */
import { useState } from "preact/hooks";
import type { SignedText } from "#wire/fairness";
import { readStatement } from "../../../src/fairness/fairness.ts";
import { shortCode, timeOfDay } from "../../lib/amounts.ts";
import { api, type Problem } from "../../lib/api.ts";
import { say } from "../../lib/language.ts";
import { saveJson } from "../../lib/save-json.ts";
import { ProblemNotice } from "./notice.tsx";

export function Receipt({ orderId }: { orderId: string }) {
  const [problem, setProblem] = useState<Problem>();

  async function save() {
    const answer = await api.receipt(orderId);
    if (answer.ok) saveJson(`receipt-${shortCode(orderId)}.json`, answer.body);
    setProblem(answer.ok ? undefined : answer.problem);
  }

  return (
    <div class="receipt">
      {problem && <ProblemNotice problem={problem} isNews />}
      <button class="plain" type="button" onClick={save}>
        {say("receipt")}
      </button>
    </div>
  );
}

export function RefusalReceipt({ receipt }: { receipt: SignedText }) {
  const said = readStatement(receipt.text)?.said;
  if (!said?.decidedAtMs || !said.orderId) return null;
  const name = `refusal-${shortCode(said.orderId)}.json`;
  return (
    <>
      <p class="fine">{say("refusedAt", { time: timeOfDay(Number(said.decidedAtMs)) })}</p>
      <p class="receipt">
        <button class="plain" type="button" onClick={() => saveJson(name, receipt)}>
          {say("receipt")}
        </button>
      </p>
    </>
  );
}
