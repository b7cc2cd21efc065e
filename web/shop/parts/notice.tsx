/** A notice in the page: a problem in our words with what a report needs, or a state. */
import type { ComponentChildren } from "preact";
import type { Problem } from "../../lib/api.ts";
import { say, sayProblem } from "../../lib/language.ts";
import { SignInLink } from "./sign-in-link.tsx";

/** Those that people of the shop want to hear of; the others are its usual answers. */
const reported = ["internal_error", "unavailable", "validation", "service_unavailable"];

type ProblemNoticeProps = {
  problem: Problem;
  /** It comes up on a page that is being read, outside of all that is announced by itself. */
  isNews?: boolean;
  children?: ComponentChildren;
};

export function ProblemNotice({ problem, isNews = false, children }: ProblemNoticeProps) {
  return (
    <div class="notice bad" role={isNews ? "alert" : undefined}>
      <p>{sayProblem(problem)}</p>
      {children}
      {problem.code === "unauthenticated" && <SignInLink />}
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
