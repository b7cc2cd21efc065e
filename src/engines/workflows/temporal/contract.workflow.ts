/** The contract's story as a workflow, under its name. */
import { contractStory as tell } from "../contract/story.testing.ts";
import { temporalStory } from "./story.ts";

export const contractStory = temporalStory({ tell });
