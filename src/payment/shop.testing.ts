/**
 * Opens a shop for this module's tests: real PostgreSQL, the simulated provider, and a clock that only the test moves.
 */
import { randomUUID } from "node:crypto";
import { createLog } from "#platform/log";
import { signWebhook } from "#platform/standard-webhooks";
import { openTestDatabase } from "../../test/support/database.ts";
import { migrate } from "../engines/sql/migrate.ts";
import type { PayAnswer } from "./attempt.ts";
import { createPayment, type Payment, type PaymentOptions, paymentSchema } from "./payment.ts";
import type { Charge } from "./provider.ts";
import { createSimulator } from "./simulator/simulator.ts";
import type { PayRequest } from "./wire.ts";

const secret = "whsec_YSBzZWNyZXQgZm9yIHRlc3Rz";

export type TestShop = Awaited<ReturnType<typeof openTestShop>>;

export async function openTestShop() {
  const database = await openTestDatabase();
  const { sql, url } = database;
  await migrate({ url, modules: [paymentSchema] });
  const log = createLog({ level: "silent" });
  let nowMs = Date.UTC(2026, 10, 27, 9);
  const now = () => nowMs;
  const simulator = createSimulator({ sql, secret, log, now });
  const news: { orderId: string; says: string }[] = [];
  const payment = connect();

  /** Another process of the shop, with options that differ from the first. */
  function connect(options: Partial<PaymentOptions> = {}): Payment {
    return createPayment({
      sql,
      provider: simulator.provider,
      log,
      now,
      async onAnnouncement(orderId, announcement, { declineReason }) {
        news.push({ orderId, says: declineReason ? `${announcement}: ${declineReason}` : announcement });
      },
      ...options,
    });
  }

  function deliverTo(receiver: Payment) {
    return async (body: Buffer, headers: Record<string, string>): Promise<void> => {
      const answer = await receiver.receiveWebhook("simulator", body, headers);
      if (answer !== "accepted") throw new Error(`the webhook was answered with ${answer}`);
    };
  }

  return {
    sql,
    log,
    simulator,
    payment,
    connect,
    now,
    close: () => database.close(),
    passMs(ms: number): void {
      nowMs += ms;
    },
    /** The provider decides and its webhooks arrive. */
    async hearFromProvider(by: Payment = payment): Promise<void> {
      nowMs += 50;
      await simulator.deliverDue(deliverTo(by));
    },
    /** More time than any pause passes, with deliveries and sweeps, until nothing can be under way. */
    async settleAll(by: Payment = payment): Promise<void> {
      for (let round = 0; round < 10; round += 1) {
        nowMs += 12_000;
        await simulator.deliverDue(deliverTo(by));
        await by.sweep();
      }
    },
    async order({ payInMs = 900_000, amountMinor = 4_999, currency = "EUR" } = {}): Promise<string> {
      const orderId = randomUUID();
      await payment.open({ orderId, userId: "ada", amountMinor, currency, payByMs: nowMs + payInMs });
      return orderId;
    },
    /** Pays and asserts that the attempt is accepted; returns the payment's id. */
    async pay(orderId: string, cardNumber = "4242 4242 4242 4242"): Promise<string> {
      const answer = await attempt(payment, orderId, { cardNumber });
      if (!answer.ok) throw new Error(`the attempt was refused: ${answer.reason}`);
      return answer.paymentId;
    },
    async states(orderId: string): Promise<string[]> {
      const rows = await sql.query<{ state: string }>(
        "select state from payment.payment where order_id = $1 order by attempt",
        [orderId],
      );
      return rows.map((row) => row.state);
    },
    /** The entries of the bank's statement for the order, in order. */
    async statement(orderId: string): Promise<string[]> {
      const rows = await sql.query<{ line: string }>(
        `select kind || ' ' || statement.amount_minor || ' ' || statement.currency as line
           from payment_simulator.statement join payment.payment on payment.payment_id::text = statement.payment_id
          where order_id = $1 order by statement.line`,
        [orderId],
      );
      return rows.map((row) => row.line);
    },
    newsOf: (orderId: string) => news.filter((item) => item.orderId === orderId).map((item) => item.says),
    /** A webhook of the provider, signed now. */
    webhook(charge: Partial<Charge> & { paymentId: string }, eventId = `evt_${randomUUID()}`) {
      const data = { chargeId: "ch_test", status: "authorized", amountMinor: 4_999, currency: "EUR", ...charge };
      const timestamp = new Date(nowMs).toISOString();
      const body = Buffer.from(JSON.stringify({ type: `charge.${data.status}`, timestamp, data }));
      const send = (to: Payment = payment) =>
        to.receiveWebhook("simulator", body, signWebhook(secret, eventId, body, nowMs));
      return { body, eventId, send, headers: () => signWebhook(secret, eventId, body, nowMs) };
    },
  };
}

/** For an order that was opened before: these terms are no later than its own, so they change nothing. */
export function attempt(payment: Payment, orderId: string, request: PayRequest): Promise<PayAnswer> {
  return payment.pay({ orderId, userId: "ada", amountMinor: 4_999, currency: "EUR", payByMs: 0 }, request);
}
