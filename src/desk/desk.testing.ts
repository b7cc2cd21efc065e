/** Opens a desk on a real database, with orders, payments and the embedded log, and a clock that tests move. */
import { createByHand } from "#fulfilment";
import { createPayment, createSimulator, paymentSchema } from "#payment";
import { createLog } from "#platform/log";
import type { EventLog } from "../engines/log/log.ts";
import { migrate } from "../engines/sql/migrate.ts";
import { openOrderStage, topics } from "../orders/stage.testing.ts";
import { createDesk, deskSchema } from "./desk.ts";

const silent = createLog({ level: "silent" });
/** As the stage of orders has it. */
export const payWithinMs = 60_000;

export type DeskStage = Awaited<ReturnType<typeof openDeskStage>>;

export async function openDeskStage() {
  const stage = await openOrderStage();
  const { sql, url, log } = stage;
  await migrate({ url, modules: [paymentSchema, deskSchema] });
  const clock = { aheadMs: 0 };
  const now = () => Date.now() + clock.aheadMs;
  const secret = "whsec_YSBzZWNyZXQgZm9yIHRlc3Rz";
  const simulator = createSimulator({ sql, secret, log: silent, now });
  const payment = createPayment({ sql, provider: simulator.provider, log: silent, now, async onAnnouncement() {} });
  const { orders } = stage;
  const byHand = createByHand({ orders, payment, paymentGraceMs: 0, now, onFault() {} });
  const nudged: string[] = [];

  return {
    ...stage,
    clock,
    payment,
    nudged,
    /** Another process's orders. */
    openOrders: stage.open,

    open: ({ through = log, group = "desk" }: { through?: EventLog; group?: string } = {}) =>
      createDesk({
        sql,
        log: through,
        topics: [topics.reservations],
        group,
        orders,
        payment,
        byHand,
        nudge: (orderId) => void nudged.push(orderId),
        now,
      }),

    /** An order in the books whose payment was opened; no run takes it. */
    async orderOf(productId: string, userId = "ada") {
      const placed = await stage.place({ productId, userId });
      if (!placed.ok) throw new Error(`the order was refused: ${placed.reason}`);
      await stage.settleAll();
      const { orderId } = placed.order;
      const order = await orders.read(orderId);
      if (!order) throw new Error(`order ${orderId} is not in the books`);
      await payment.open({ ...order, amountMinor: order.totalMinor, payByMs: order.payBy.getTime() });
      return orderId;
    },

    async hearFromProvider(): Promise<void> {
      await simulator.deliverDue(async (body, headers) => {
        await payment.receiveWebhook("simulator", body, headers);
      });
    },
  };
}
