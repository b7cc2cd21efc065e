/** What a person is told in place: a problem in our words with what helps to report it, or a state. */
import type { ComponentChildren } from "preact";
import type { Problem } from "../../lib/api.ts";
import { say, sayProblem } from "../../lib/language.ts";

export function ProblemNotice({ problem, children }: { problem: Problem; children?: ComponentChildren }) {
  const isOurs = problem.status >= 500 || problem.code === "internal_error";
  return (
    <div class="notice bad">
      <p>{sayProblem(problem)}</p>
      {children}
      {isOurs && problem.instance && (
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
