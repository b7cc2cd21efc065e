/**
 * Makes the attempts: claims what is due, sends it, notes the outcome. Each endpoint has room for a few attempts of its
 * own, so one that does not answer delays no other.
 */
import { elapsedMs } from "#platform/clock";
import { type Loop, startLoop } from "#platform/loop";
import { inTraceOf, traceHeaders } from "#platform/spans";
import { signWebhook } from "#platform/standard-webhooks";
import { parseTraceparent } from "#platform/trace";
import { type Endpoints, isLive } from "./endpoints.ts";
import type { Guard } from "./guard.ts";
import type { AttemptOutcome } from "./metrics.ts";
import type { After, Claim, Queue } from "./queue.ts";
import { pauseBeforeNext, retryAfterMs } from "./schedule.ts";
import { type Received, send } from "./send.ts";

export type SenderOptions = {
  queue: Pick<Queue, "claim" | "note" | "giveBack">;
  endpoints: Pick<Endpoints, "gone">;
  guard: Guard;
  now(): number;
  count(outcome: AttemptOutcome): void;
  onFault(what: string, error: unknown): void;
};

export type Sender = {
  /** Begins the attempts that are due; answers whether there were any. They end by themselves. */
  turn(): Promise<boolean>;
  /** Waits for the attempts under way. */
  idle(): Promise<void>;
  /** `mark` names the state of the queue. */
  start(mark: (() => Promise<string>) | undefined): void;
  nudge(): void;
  /** Breaks off the attempts under way; they are made again. */
  stop(): Promise<void>;
};

const everyMs = 500;
/** While none is due. The shortest pause before another try is 5 s. */
const restMs = 2_000;
/** A try falls due by itself. */
const stillMs = 4_000;
/** Standard Webhooks 1.0 recommends 15 to 30 s. */
const answerWithinMs = 15_000;
const atOnceOfEach = 4;

type Outcome = { name: AttemptOutcome; status: number | null; answer: string; askedMs: number };

export function createSender({ queue, endpoints, guard, now, count, onFault }: SenderOptions): Sender {
  const busy = new Map<string, number>();
  const underWay = new Set<Promise<void>>();
  const stopping = new AbortController();
  let loop: Loop | undefined;

  async function turn(): Promise<boolean> {
    const claims = await queue.claim(atOnceOfEach, busy);
    for (const claim of claims) {
      const attempt = attemptTo(claim);
      underWay.add(attempt);
      void attempt.finally(() => underWay.delete(attempt));
    }
    return claims.length > 0;
  }

  /** Never throws. What could not be noted is tried again after its lease. */
  async function attemptTo(claim: Claim): Promise<void> {
    const { endpointId } = claim;
    busy.set(endpointId, (busy.get(endpointId) ?? 0) + 1);
    try {
      await deliver(claim);
    } catch (error) {
      onFault("webhook", error);
    }
    const left = (busy.get(endpointId) ?? 1) - 1;
    if (left === 0) busy.delete(endpointId);
    else busy.set(endpointId, left);
    loop?.nudge();
  }

  async function deliver(claim: Claim): Promise<void> {
    const atMs = now();
    const begun = elapsedMs();
    const trace = parseTraceparent(claim.traceparent ?? undefined);
    const fields = { "webhook.id": claim.messageId, "webhook.attempt": claim.tries };
    const outcome = await inTraceOf(trace, "webhook", { kind: "client", fields }, () => post(claim, atMs));
    if (stopping.signal.aborted && outcome.name !== "delivered") return queue.giveBack(claim);
    count(outcome.name);
    const { status, answer } = outcome;
    if (status === 410) await endpoints.gone(claim.endpointId, claim.url);
    await queue.note(claim, { atMs, tookMs: Math.round(elapsedMs() - begun), status, answer }, afterOf(claim, outcome));
  }

  async function post({ url: text, secrets, messageId, body }: Claim, atMs: number): Promise<Outcome> {
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(answerWithinMs)]);
    const url = new URL(text);
    const bytes = Buffer.from(body);
    const live = secrets.filter((one) => isLive(one, atMs)).map(({ secret }) => secret);
    const headers = signWebhook(live, messageId, bytes, atMs);
    const gaveUp = Promise.withResolvers<never>();
    const giveUp = () => gaveUp.reject(signal.reason);
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      const checked = await Promise.race([guard.addressOf(url), gaveUp.promise]);
      if (!checked.ok) return { name: "address_refused", status: null, answer: checked.why, askedMs: 0 };
      const sending = { url, address: checked.address, body: bytes, signal };
      return outcomeOf(await send({ ...sending, headers: { ...headers, ...traceHeaders() } }));
    } catch (error) {
      const isLate = signal.aborted && !stopping.signal.aborted;
      const answer = isLate ? `no answer within ${answerWithinMs / 1000} s` : reasonOf(error);
      return { name: "no_answer", status: null, answer, askedMs: 0 };
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  function outcomeOf({ status, text: answer, retryAfter }: Received): Outcome {
    const isTaken = status >= 200 && status < 300;
    return {
      name: isTaken ? "delivered" : "refused_by_receiver",
      status,
      answer,
      askedMs: retryAfterMs(retryAfter, now()),
    };
  }

  function afterOf({ tries }: Claim, { name, status, askedMs }: Outcome): After {
    if (name === "delivered") return { state: "delivered" };
    const pauseMs = status === 410 ? undefined : pauseBeforeNext(tries, Math.random(), askedMs);
    return pauseMs === undefined ? { state: "failed" } : { state: "waiting", nextTryAtMs: now() + pauseMs };
  }

  async function idle(): Promise<void> {
    while (underWay.size > 0) await Promise.all(underWay);
  }

  return {
    turn,
    idle,
    start(mark) {
      loop ??= startLoop({
        everyMs,
        restMs,
        mark,
        stillMs,
        work: turn,
        onFault: (error) => onFault("webhooks", error),
      });
    },
    nudge: () => loop?.nudge(),
    async stop() {
      stopping.abort(new Error("this process stops"));
      await loop?.stop();
      await idle();
    },
  };
}

/** A failed connection has its reason in the code or in the cause; some have no message. */
function reasonOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  return message || String(code ?? error);
}
