/**
 * The contract's own story does what its input asks for. It is pure and imports types only, so that Temporal can bundle
 * it.
 */
import type { WaitForNudge } from "../workflows.ts";

export type Act = "first" | "second" | "third" | "wait" | "throw";

export type Plot = {
  run: string;
  acts: Act[];
  /** For the act "wait". */
  untilMs: number;
};

type Step = (run: string) => Promise<string>;
export type PlotSteps = { first: Step; second: Step; third: Step };

export async function contractStory(plot: Plot, steps: PlotSteps, waitForNudge: WaitForNudge): Promise<string> {
  const told: string[] = [];
  for (const act of plot.acts) {
    if (act === "wait") told.push(await waitForNudge(plot.untilMs));
    else if (act === "throw") throw new Error("the story throws, as the test wants it to");
    else told.push(await steps[act](plot.run));
  }
  return told.join(", ");
}
