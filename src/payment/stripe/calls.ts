/** Makes one call of Stripe's API, and tells a refusal, which is an answer, from a call whose outcome is not known. */
import Stripe from "stripe";
import { randomHex } from "#platform/ids";
import { messageOf } from "#platform/thrown";
import { markUnavailable } from "#platform/unavailable";
import { OutcomeUnknown } from "../provider.ts";

const { StripeCardError, StripeError, StripeIdempotencyError, StripeInvalidRequestError } = Stripe.errors;

/** Stripe did nothing, and says why. */
export type Refused = { refusal: InstanceType<typeof StripeError> };

export type Call<T> = (idempotencyKey: string) => Promise<T>;

/**
 * @throws OutcomeUnknown if there was no answer, or one that does not tell what was done: 5xx, too many requests, a key of
 * the API that is not accepted.
 */
export async function ask<T>(operation: string, paymentId: string, work: () => Promise<T>): Promise<T | Refused> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StripeCardError || error instanceof StripeInvalidRequestError) return { refusal: error };
    if (error instanceof StripeIdempotencyError) {
      throw new Error(`${operation} of payment ${paymentId}: ${messageOf(error)}`, { cause: error });
    }
    throw markUnavailable(new OutcomeUnknown(operation, paymentId, error));
  }
}

export function isRefused(answer: object): answer is Refused {
  return "refusal" in answer;
}

/**
 * For 24 hours Stripe answers a key with its first answer, also if that was an error of Stripe's own. Such an operation
 * would never be done, so it is asked for once more with a new key. Only for operations that the charge's own state permits
 * once: to capture, to cancel, to refund the rest.
 */
export async function withKey<T>(key: string, call: Call<T>): Promise<T> {
  try {
    return await call(key);
  } catch (error) {
    if (!isReplayedFailure(error)) throw error;
    return call(`${key}-${randomHex(8)}`);
  }
}

export function isReplayedFailure(error: unknown): boolean {
  if (!(error instanceof StripeError) || (error.statusCode ?? 0) < 500) return false;
  return error.headers?.["idempotent-replayed"] === "true";
}
