/**
 * Simulates a payment provider for demonstrations and tests. Like a real one it keeps its own books, decides a moment
 * later, sends signed webhooks, and knows every operation by its key. `test-cards.ts` lists its misbehaviour.
 */
import type { Sql } from "#engines/sql";
import type { Log } from "#platform/log";
import { type Loop, startLoop } from "#platform/loop";
import { type Charge, cardOf, OutcomeUnknown, type Provider } from "../provider.ts";
import { createBank, readCharge, readStatement } from "./bank.ts";
import { type DeedByHand, doByHand } from "./by-hand.ts";
import type { BankCharge, StatementLine } from "./charge.ts";
import { createCourier, type Deliver } from "./courier.ts";
import { behaviourOf } from "./test-cards.ts";
import { readSimulatorWebhook } from "./webhook.ts";

export type Simulator = {
  provider: Provider;
  /** Decides and delivers for as long as the process lives; the next process delivers the rest. */
  start(deliver: Deliver): void;
  stop(): Promise<void>;
  /** One turn; returns how many webhooks were accepted. */
  deliverDue(deliver: Deliver): Promise<number>;
  /** The card holder's statement: every amount held, released, captured and given back. */
  statement(paymentId: string): Promise<StatementLine[]>;
  /**
   * Operations of the bank's staff and of card holders that bypass the shop. false if the charge is not in a state for
   * it.
   */
  byHand(paymentId: string, deed: DeedByHand): Promise<boolean>;
};

export type SimulatorOptions = {
  sql: Sql;
  /** Signs and verifies the webhooks: `whsec_` and base64, or any text. */
  secret: string;
  log: Log;
  now(): number;
  /** Of a card without a time of its own. */
  decidesAfterMs?: number;
};

/**
 * Finds the requests to other processes and the rest from before a restart; requests to this process wake the loop in
 * time.
 */
const lookEveryMs = 500;

export function createSimulator({ sql, secret, log, now, decidesAfterMs = 50 }: SimulatorOptions): Simulator {
  const bank = createBank({ sql, now });
  const courier = createCourier({ sql, secret, now });
  let loop: Loop | undefined;
  let alarm: NodeJS.Timeout | undefined;
  let alarmMs = Number.POSITIVE_INFINITY;

  function wakeAt(dueMs: number): void {
    if (!loop || dueMs >= alarmMs) return;
    clearTimeout(alarm);
    alarmMs = dueMs;
    alarm = setTimeout(ring, Math.max(1, dueMs - now()));
  }

  function ring(): void {
    alarmMs = Number.POSITIVE_INFINITY;
    loop?.nudge();
  }

  const provider: Provider = {
    name: "simulator",
    takes: "card",

    async authorize({ paymentId, amountMinor, currency, method }) {
      const last4 = cardOf({ method }).number.slice(-4);
      const resultMs = now() + (behaviourOf(last4).decidesAfterMs ?? decidesAfterMs);
      const charge = await bank.open({ paymentId, amountMinor, currency, last4, resultMs });
      wakeAt(resultMs);
      if (behaviourOf(last4).losesReplyOf === "authorize") throw new OutcomeUnknown("authorize", paymentId);
      return shown(charge);
    },

    async capture({ paymentId, amountMinor, currency }) {
      const { charge, moved } = await bank.operate("capture", paymentId, { amountMinor, currency });
      wakeAt(now());
      if (moved && behaviourOf(charge.last4).losesReplyOf === "capture") throw new OutcomeUnknown("capture", paymentId);
      return shown(charge);
    },

    async void({ paymentId }) {
      const { charge } = await bank.operate("void", paymentId);
      wakeAt(now());
      return shown(charge);
    },

    async refund({ paymentId }) {
      const { charge } = await bank.operate("refund", paymentId);
      wakeAt(now());
      return shown(charge);
    },

    async lookup({ paymentId }) {
      const charge = await readCharge(sql, paymentId);
      return charge && shown(charge);
    },

    // Its books are in the shop's own database: what it has, the shop has.
    async *chargesSince() {},

    check: async () => void (await readCharge(sql, "")),

    readWebhook: async (rawBody, headers) => readSimulatorWebhook(secret, rawBody, headers, now()),
  };

  return {
    provider,
    start(deliver) {
      loop ??= startLoop({
        everyMs: lookEveryMs,
        mark: sql.still?.mark,
        async work() {
          // Without end, while webhooks keep coming.
          const { nextDueMs } = await courier.deliverDue(deliver, () => loop !== undefined);
          if (nextDueMs === undefined) return false;
          if (nextDueMs - now() < lookEveryMs) wakeAt(nextDueMs);
          return undefined;
        },
        onFault: (error) => log.warn("simulated provider paused", {}, error),
      });
    },
    async stop() {
      const running = loop;
      loop = undefined;
      await running?.stop();
      clearTimeout(alarm);
      alarmMs = Number.POSITIVE_INFINITY;
    },
    deliverDue: async (deliver) => (await courier.deliverDue(deliver)).accepted,
    statement: (paymentId) => readStatement(sql, paymentId),
    async byHand(paymentId, deed) {
      const isDone = await doByHand(sql, paymentId, deed, now());
      wakeAt(now());
      return isDone;
    },
  };
}

function shown({ chargeId, status, amountMinor, currency, declineReason, refundedMinor }: BankCharge): Charge {
  const reason = status === "declined" && declineReason ? { declineReason } : {};
  const givenBack = status === "captured" && refundedMinor > 0 ? { givenBackMinor: refundedMinor } : {};
  return { providerRef: chargeId, status, amountMinor, currency, ...reason, ...givenBack };
}
