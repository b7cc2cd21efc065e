/** The stories as Temporal workflows, under their names. */
import { temporalStory } from "#engines/temporal-story";
import { fulfilOrders as tellAll, fulfilAll as tellInMoreSteps } from "./batch-saga.ts";
import { fulfil as tellOne } from "./earlier-saga.ts";

export const fulfilOrders = temporalStory({ tell: tellAll });
/** For runs that earlier versions began. */
export const fulfilAll = temporalStory({ tell: tellInMoreSteps });
export const fulfil = temporalStory({ tell: tellOne });
