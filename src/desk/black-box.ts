/**
 * Gathers everything that is known of one order: each part of the shop is asked at the same time, for a bounded time, and
 * a part that does not answer is named in the result.
 */
import type { MailEngine } from "#engines/mail";
import type { Accounts } from "#identity";
import type { Inventory } from "#inventory";
import type { Notifications } from "#notifications";
import type { Orders, SeenOrder } from "#orders";
import type { Payment } from "#payment";
import { within } from "#platform/deadline";
import { isUuid } from "#platform/ids";
import { messageOf } from "#platform/thrown";
import type { Warehouse } from "#warehouse";
import { type Known, type Line, linesOf } from "./black-box-lines.ts";
import type { Letters } from "./letters.ts";
import { whatNext } from "./what-next.ts";
import type { Source } from "./wire.ts";

export type OpenedBox = {
  orderId: string;
  code: string | undefined;
  order: SeenOrder | undefined;
  asOf: Date;
  next: string;
  lines: Line[];
  /** The parts that did not answer, and why. */
  away: { source: Source; why: string }[];
};

export type Opened =
  | { ok: true; box: OpenedBox }
  | { ok: false; reason: "order_not_found" }
  /** Several orders have the short code, or none in the books has it. */
  | { ok: false; reason: "code_not_found"; orderIds: string[] };

export type BlackBoxOptions = {
  orders: Orders;
  inventory: Inventory;
  payment: Payment;
  notifications: Pick<Notifications, "deliveriesOf">;
  warehouse: Pick<Warehouse, "find">;
  audit: Pick<Accounts["audit"], "list">;
  mail: Pick<MailEngine, "list">;
  letters: Pick<Letters, "about">;
  now(): number;
};

const partAnswersWithinMs = 2_000;
/** Of mails and of acts; an order that has more is read in the lists of these. */
const mostLines = 100;

export type BlackBox = ReturnType<typeof createBlackBox>;

export function createBlackBox(options: BlackBoxOptions) {
  const { orders, inventory, payment, notifications, warehouse, audit, mail, letters, now } = options;

  async function gather(orderId: string) {
    const away: OpenedBox["away"] = [];
    async function ask<T>(source: Source, read: () => Promise<T>): Promise<T | undefined> {
      try {
        return await within(partAnswersWithinMs, read(), () => {
          throw new Error(`no answer within ${partAnswersWithinMs} ms`);
        });
      } catch (error) {
        away.push({ source, why: saysOf(error) });
        return undefined;
      }
    }
    const booked = ask("books", () => orders.history(orderId));
    const stocked = ask("stock", () => inventory.history(orderId));
    /** The gate finds a record by its product, which the books may not tell while they are away. */
    async function atTheGate() {
      const [books, stock] = await Promise.all([booked, stocked]);
      const known = books?.order?.productId ?? stock?.reservations[0]?.productId ?? (await orders.productOf(orderId));
      return known === undefined ? undefined : inventory.gate.record(known, orderId);
    }
    async function deliveries() {
      const books = await booked;
      return books ? notifications.deliveriesOf(books.events.map(({ id }) => id)) : [];
    }
    const [books, stock, record, lag, paid, mails, webhooks, parcel, acts, dead] = await Promise.all([
      booked,
      stocked,
      ask("gate", atTheGate),
      ask("log", () => orders.lag()),
      ask("payment", () => payment.history(orderId)),
      ask("mail", () => mail.list({ about: orderId, limit: mostLines })),
      ask("webhooks", deliveries),
      ask("warehouse", () => warehouse.find(orderId)),
      ask("audit", () => audit.list({ subject: orderId, limit: mostLines })),
      ask("dead letters", () => letters.about(orderId)),
    ]);
    const known: Known = { books, stock, record, lag, paid, mails, webhooks, parcel, acts, dead };
    return { known, away };
  }

  async function open(orderId: string): Promise<Opened> {
    const { known, away } = await gather(orderId);
    const lines = linesOf(known);
    if (lines.length === 0 && away.length === 0) return { ok: false, reason: "order_not_found" };
    const order = await seen(orderId, known);
    const code = known.books?.code;
    const box = { orderId, code, order, asOf: new Date(now()), next: whatNext(known, now()), lines, away };
    return { ok: true, box };
  }

  /** As its buyer sees it; from the books alone if the gate is away. */
  async function seen(orderId: string, { books }: Known): Promise<SeenOrder | undefined> {
    try {
      return await within(partAnswersWithinMs, orders.read(orderId), () => books?.order);
    } catch {
      return books?.order;
    }
  }

  return {
    /** By the order's id, or by the short code that people read out. */
    async read(asked: string): Promise<Opened> {
      const orderId = asked.toLowerCase();
      if (isUuid(orderId)) return open(orderId);
      const found = await orders.search({ q: asked }, null, 2);
      const byCode = found.filter(({ userId }) => userId !== asked).map((order) => order.orderId);
      const [only] = byCode;
      if (only !== undefined && byCode.length === 1) return open(only);
      return { ok: false, reason: "code_not_found", orderIds: byCode };
    },
  };
}

function saysOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? `: ${messageOf(error.cause)}` : "";
  return `${messageOf(error)}${cause}`;
}
