/** Turns Kafka's refusals and missing answers into errors that say whether another try can help. */
import { setTimeout as sleep } from "node:timers/promises";
import { protocolErrors, protocolErrorsCodesById } from "@platformatic/kafka";
import { type Backoff, pauseAfter } from "#platform/backoff";
import { elapsedMs } from "#platform/clock";

/** A broker refused a request. */
export class KafkaRefusal extends Error {
  /** Kafka's own name of the error, as "NOT_COORDINATOR". */
  readonly id: string;
  readonly passing: boolean;

  constructor(what: string, id: string, message: string, passing: boolean) {
    super(`${what}: ${id}: ${message}`);
    this.name = "KafkaRefusal";
    this.id = id;
    this.passing = passing;
  }
}

/** No answer: the broker was not reached, the connection ended, or the time was over. The request may still take effect. */
export class KafkaSilence extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "KafkaSilence";
  }
}

export function refusalOf(what: string, code: number, detail?: string | null): KafkaRefusal | undefined {
  if (code === 0) return undefined;
  const id = protocolErrorsCodesById[code];
  const known = id === undefined ? undefined : protocolErrors[id];
  if (!id || !known) return new KafkaRefusal(what, `code ${code}`, detail ?? "unknown to this client", false);
  return new KafkaRefusal(what, id, detail ?? known.message, known.canRetry);
}

/** @throws KafkaRefusal unless the code is 0. */
export function check(what: string, code: number, detail?: string | null): void {
  const refusal = refusalOf(what, code, detail);
  if (refusal) throw refusal;
}

export function isPassing(error: unknown): boolean {
  return error instanceof KafkaSilence || (error instanceof KafkaRefusal && error.passing);
}

export function isRefusal(error: unknown, ...ids: string[]): boolean {
  return error instanceof KafkaRefusal && ids.includes(error.id);
}

/** Pauses between two tries of any request to Kafka. */
export const kafkaBackoff: Backoff = { firstMs: 50, longestMs: 2_000 };

/** Repeats after curable errors. @throws the last of them once `withinMs` have passed, and any other error at once. */
export async function repeated<T>(
  withinMs: number,
  work: () => Promise<T>,
  isCurable: (error: unknown) => boolean = isPassing,
): Promise<T> {
  const giveUpAt = elapsedMs() + withinMs;
  for (let failures = 1; ; failures += 1) {
    try {
      return await work();
    } catch (error) {
      const pauseMs = pauseAfter(failures, kafkaBackoff);
      if (!isCurable(error) || elapsedMs() + pauseMs > giveUpAt) throw error;
      await sleep(pauseMs);
    }
  }
}
