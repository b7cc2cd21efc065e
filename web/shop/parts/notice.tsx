/** A notice in the page: a problem in our words with what a report needs, or a state. */
import type { ComponentChildren } from "preact";
import type { Problem } from "../../lib/api.ts";
import { say, sayProblem } from "../../lib/language.ts";

/** Those that people of the shop want to hear of; the others are its usual answers. */
const reported = ["internal_error", "unavailable", "validation", "service_unavailable"];

export function ProblemNotice({ problem, children }: { problem: Problem; children?: ComponentChildren }) {
  return (
    <div class="notice bad">
      <p>{sayProblem(problem)}</p>
      {children}
      {reported.includes(problem.code) && problem.instance && (
        <p class="fine">
          {say("reportCode", { instance: "" }).replace(/[.\s]*$/, "")} <code dir="ltr">{problem.instance}</code>
        </p>
      )}
    </div>
  );
}

export type Tone = "now" | "ok" | "warn" | "bad" | "still";

/** A dot and a word: never the colour alone. */
export function Pill({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return (
    <p class={`pill ${tone}`}>
      <span class="dot" aria-hidden="true" />
      {children}
    </p>
  );
}
