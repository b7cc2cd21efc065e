/** Orders as people see them: in the books, still at the gate, or void. */
import type { Sql } from "#engines/sql";
import type { Inventory, VoidedReservation } from "#inventory";
import { type Order, readOrder, readOrders, type TimelineEntry } from "./books.ts";
import { productOfOrder, productPrefix } from "./ids.ts";

/** An order as people see it: also one that is still on its way to the books. */
export type SeenOrder = Pick<
  Order,
  | "orderId"
  | "userId"
  | "productId"
  | "quantity"
  | "unitPriceMinor"
  | "totalMinor"
  | "currency"
  | "status"
  | "reason"
  | "placedAt"
  | "payBy"
  | "timeline"
>;

export type Look = {
  /** undefined where nobody knows such an order. */
  read(orderId: string): Promise<SeenOrder | undefined>;
  /** Those of the orders that stand in the books or are void: what is still at the gate is left out. */
  readMany(orderIds: readonly string[]): Promise<SeenOrder[]>;
  /** Waits for an accepted order to stand in the books, which it does within milliseconds. */
  settled(orderId: string, withinMs: number): Promise<Order | undefined>;
};

const lookEveryMs = 10;
const learnEveryMs = 100;

export function createLook({ sql, inventory, now }: { sql: Sql; inventory: Inventory; now(): number }): Look {
  let learntAtMs = 0;

  /** Before it is in the books an order is a record at the gate, found by the product that its id begins with. */
  async function seenAtTheGate(orderId: string): Promise<SeenOrder | undefined> {
    const productId = await productOf(orderId);
    const record = productId === undefined ? undefined : await inventory.gate.record(productId, orderId);
    if (!record || record.userId === "") return undefined;
    const { userId, quantity, unitPriceMinor, currency, reservedAtMs, payByMs } = record;
    const placedAt = new Date(reservedAtMs);
    return {
      ...{ orderId, userId, productId: record.productId, quantity, unitPriceMinor, currency, placedAt },
      totalMinor: unitPriceMinor * quantity,
      status: "PENDING",
      reason: null,
      payBy: new Date(payByMs),
      timeline: [{ status: "PENDING", at: placedAt.toISOString() }],
    };
  }

  async function productOf(orderId: string): Promise<string | undefined> {
    // Ids that nobody was given must not make us read all products over and over.
    if (!productOfOrder(orderId) && now() - learntAtMs > learnEveryMs) {
      learntAtMs = now();
      for (const { productId } of await inventory.gate.snapshot()) productPrefix(productId);
    }
    return productOfOrder(orderId);
  }

  async function read(orderId: string): Promise<SeenOrder | undefined> {
    const order = (await readOrder(sql, orderId)) ?? (await seenAtTheGate(orderId));
    if (order) return order;
    const voided = await inventory.voidedReservation(orderId);
    // It may have left the gate for the books between the two looks.
    return voided ? failedFrom(orderId, voided) : readOrder(sql, orderId);
  }

  async function readMany(orderIds: readonly string[]): Promise<SeenOrder[]> {
    const standing = await readOrders(sql, orderIds);
    const known = new Set(standing.map((order) => order.orderId));
    const others = orderIds.filter((orderId) => !known.has(orderId));
    if (others.length === 0) return standing;
    // A key may have been used again since: each is read for itself, and there are few.
    const seen = await Promise.all((await inventory.voidedAmong(others)).map(read));
    return [...standing, ...seen.filter((order) => order !== undefined)];
  }

  async function settled(orderId: string, withinMs: number): Promise<Order | undefined> {
    const giveUpAt = now() + withinMs;
    for (;;) {
      const order = await readOrder(sql, orderId);
      if (order || now() > giveUpAt || !(await seenAtTheGate(orderId))) return order ?? readOrder(sql, orderId);
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  }

  return { read, readMany, settled };
}

function failedFrom(orderId: string, voided: VoidedReservation): SeenOrder {
  const at = voided.decidedAt.toISOString();
  const timeline: TimelineEntry[] = [
    { status: "PENDING", at },
    { status: "FAILED", at, reason: "order_failed" },
  ];
  return {
    ...{ orderId, userId: voided.userId, productId: voided.productId, quantity: voided.quantity },
    ...{ unitPriceMinor: 0, totalMinor: 0, currency: "", status: "FAILED", reason: "order_failed" },
    ...{ placedAt: voided.decidedAt, payBy: voided.decidedAt, timeline },
  };
}
