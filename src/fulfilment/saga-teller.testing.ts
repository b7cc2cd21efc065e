/** Runs a story up to its next request, and on from there with each answer, so that the caller sets its pace. */
import type { WaitForNudge } from "#engines/workflows";
import type { FulfilmentSteps, PlacedOrder } from "./earlier-saga.ts";
import { placed } from "./saga-world.testing.ts";

export type StepRequest = { step: keyof FulfilmentSteps; argument: never };
type WaitRequest = { step: "wait"; untilMs: number };
type Request = (StepRequest | WaitRequest) & { resolve(answer: unknown): void; reject(error: Error): void };
export type Teller = Awaited<ReturnType<typeof startTeller>>;

export type Tale = (order: PlacedOrder, steps: FulfilmentSteps, waitForNudge: WaitForNudge) => Promise<string>;

export async function startTeller(story: Tale, extendable?: true) {
  let reached = Promise.withResolvers<void>();

  const ask = (request: StepRequest | WaitRequest) =>
    new Promise<never>((resolve, reject) => {
      teller.request = { ...request, resolve, reject } as Request;
      reached.resolve();
    });
  const step = (name: keyof FulfilmentSteps) => (argument: unknown) => ask({ step: name, argument: argument as never });
  const steps: FulfilmentSteps = {
    holdUnits: step("holdUnits"),
    requestPayment: step("requestPayment"),
    readVerdict: step("readVerdict"),
    readDeadline: step("readDeadline"),
    confirm: step("confirm"),
    capturePayment: step("capturePayment"),
    voidPayment: step("voidPayment"),
    endOrder: step("endOrder"),
  };

  async function goOn(settle: () => void): Promise<void> {
    teller.request = undefined;
    reached = Promise.withResolvers<void>();
    settle();
    await reached.promise;
  }

  function begin(): void {
    const order = extendable ? { ...placed, extendable } : placed;
    story(order, steps, (untilMs) => ask({ step: "wait", untilMs })).then((outcome) => {
      teller.outcome = outcome;
      reached.resolve();
    }, reached.reject);
  }

  const teller = {
    request: undefined as Request | undefined,
    outcome: undefined as string | undefined,
    heard: [] as unknown[],
    /** Something has happened since it last woke. */
    hasNews: false,
    answer(answer: unknown): Promise<void> {
      const { request } = teller;
      teller.heard.push(answer ?? null);
      if (request?.step === "wait") teller.hasNews = false;
      return goOn(() => request?.resolve(answer));
    },
    fail(): Promise<void> {
      const { request } = teller;
      teller.heard.push("given up");
      return goOn(() => request?.reject(new Error("the step was given up")));
    },
    /** The old run never gets another answer. */
    restart(): Promise<void> {
      teller.heard = [];
      return goOn(begin);
    },
  };
  await teller.restart();
  return teller;
}
