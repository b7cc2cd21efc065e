/** The saga as a Temporal workflow, under the story's name. */
import { temporalStory } from "#engines/temporal-story";
import { fulfil as tell } from "./saga.ts";

export const fulfil = temporalStory({ tell });
