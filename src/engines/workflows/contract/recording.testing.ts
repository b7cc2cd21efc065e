/** Runs the contract's story with steps that note who ran them, so that a test sees what was repeated after a crash. */
import type { Story, Workflows } from "../workflows.ts";
import { contractStory, type Plot, type PlotSteps } from "./story.testing.ts";

export type NoteCall = (run: string, step: string, teller: string) => unknown;

/** The contract's story with steps that note each call under the name of their process. The step `hangsAt` never ends. */
export function recordingStory(note: NoteCall, teller: string, hangsAt?: string): Story<Plot, PlotSteps> {
  function record(step: string) {
    return async (run: string) => {
      await note(run, step, teller);
      return step === hangsAt ? new Promise<never>(() => {}) : `${step} by ${teller}`;
    };
  }
  return {
    name: "contractStory",
    tell: contractStory,
    steps: { first: record("first"), second: record("second"), third: record("third") },
  };
}

/** The plot of a child's run. Its deadline counts from the start of the run, because the child takes a while to get there. */
export type ChildPlot = Omit<Plot, "untilMs"> & { waitMs: number };

/** In a child: starts the run, and sends its deadline to the test. */
export async function startAsked(workflows: Workflows<Plot>, asked: string): Promise<void> {
  const { waitMs, ...plot }: ChildPlot = JSON.parse(asked);
  const untilMs = Date.now() + waitMs;
  process.send?.(untilMs);
  await workflows.start(plot.run, { ...plot, untilMs });
}
