/** Runs the contract's story with steps that note who ran them, so that a test sees what was repeated after a crash. */
import type { Story } from "../workflows.ts";
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
