/** The receipt of an order: what became of it, signed by the shop, as a file. */
import { useState } from "preact/hooks";
import { shortCode } from "../../lib/amounts.ts";
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
      {problem && <ProblemNotice problem={problem} />}
      <button class="plain" type="button" onClick={save}>
        {say("receipt")}
      </button>
    </div>
  );
}
