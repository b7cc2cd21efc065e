/** The stories as Temporal workflows, under their names. */
import { temporalStory } from "#engines/temporal-story";
import { fulfilAll as tellAll } from "./batch-saga.ts";
import { fulfil as tellOne } from "./saga.ts";

export const fulfilAll = temporalStory({ tell: tellAll });
/** For runs that earlier versions began. */
export const fulfil = temporalStory({ tell: tellOne });
