/** The naive order as a Temporal workflow: an activity a step. */
import { proxyActivities } from "@temporalio/workflow";
import type { NaiveSteps } from "./steps.ts";

const steps = proxyActivities<NaiveSteps>({ startToCloseTimeout: "30 seconds" });

export async function naiveOrder(orderId: string): Promise<void> {
  await steps.reserve(orderId);
  await steps.requestPayment(orderId);
  await steps.authorize(orderId);
  await steps.confirm(orderId);
  await steps.capture(orderId);
}
