/** The contract's own story acts out whatever its input asks for. Pure, and types only, so that Temporal can bundle it. */
import type { WaitForNudge } from "../workflows.ts";

export type Act = "first" | "second" | "stubborn" | "wait" | "stake all on second";

export type Plot = {
  run: string;
  acts: Act[];
  /** For the act "wait". */
  untilMs: number;
};

type Step = (run: string) => Promise<string>;
/** "stubborn" is the one that is repeated until it succeeds. */
export type PlotSteps = { first: Step; second: Step; stubborn: Step };

export async function contractStory(plot: Plot, steps: PlotSteps, waitForNudge: WaitForNudge): Promise<string> {
  const told: string[] = [];
  for (const act of plot.acts) {
    if (act === "wait") told.push(await waitForNudge(plot.untilMs));
    else if (act === "stake all on second") told.push(await steps.second(plot.run));
    else told.push(await steps[act](plot.run).catch(() => `${act} was given up`));
  }
  return told.join(", ");
}
