/** Reads the shop as a rehearsal sees it, once nothing of the rehearsal is under way any more. */
import { setTimeout as sleep } from "node:timers/promises";
import { elapsedMs } from "#platform/clock";
import { messageOf } from "#platform/thrown";
import type { BlackBoxView } from "#wire/desk";
import {
  acceptedId,
  hasEnded,
  isUnsettled,
  paymentsOf,
  type Report,
  type SeenOrder,
  type ShadowProduct,
  type Snapshot,
  type Stock,
  type Wish,
} from "./evidence.ts";
import type { Staff } from "./shadow.ts";

const boxesAtOnce = 8;
const lookEveryMs = 300;

export type SnapshotOptions = {
  staff: Staff;
  products: readonly ShadowProduct[];
  wishes: readonly Wish[];
  /** `quiet`: orders may still wait for their payment. `ended`: each is paid or over. `closed`: none is paid any more. */
  until: "quiet" | "ended" | "closed";
  patienceMs: number;
  /** Otherwise orders go past the gate, which has no units then. */
  sellsByGate: boolean;
};

/** At rest; what is still under way when the patience is over is in the snapshot, and the laws judge it. */
export async function snapshotAtRest({
  staff,
  products,
  wishes,
  until,
  patienceMs,
  sellsByGate,
}: SnapshotOptions): Promise<Snapshot> {
  const untilMs = elapsedMs() + patienceMs;
  const accepted = wishes.map(acceptedId).filter((id) => id !== undefined);
  /** Orders that had ended with their money when they were read. They are not read again. */
  const settled = new Map<string, BlackBoxView>();
  for (;;) {
    const over = elapsedMs() > untilMs;
    try {
      const { isAtRest, snapshot } = await look();
      if (isAtRest || over) return snapshot;
    } catch (error) {
      if (over) throw new Error(`the shop could not be read: ${messageOf(error)}`, { cause: error });
    }
    await sleep(lookEveryMs);
  }

  async function look(): Promise<{ isAtRest: boolean; snapshot: Snapshot }> {
    const orders = (await Promise.all(products.map(({ productId }) => ordersOf(staff, productId)))).flat();
    const known = new Set(orders.map(({ orderId }) => orderId));
    const reports = await reportsOf(staff, products);
    const boxes = await boxesOf(orders);
    const stock = await Promise.all(
      products.map(async ({ productId }) => (await staff("GET", `/inventory/${productId}`)) as unknown as Stock),
    );
    const isAtRest =
      accepted.every((id) => known.has(id)) &&
      orders.every((order) => isDone(order)) &&
      orders.every((order) => isSettled(order, boxes.get(order.orderId))) &&
      reports.every(({ status, inFlight }) => status === "OK" && inFlight === 0) &&
      (!sellsByGate || stock.every(({ gate, onHand, held }) => gate === onHand - held));
    return { isAtRest, snapshot: { orders, boxes, stock, reports, sellsByGate } };
  }

  function isDone(order: SeenOrder): boolean {
    if (order.status === "PAYMENT_PENDING") return until === "quiet" && order.reason === undefined;
    return hasEnded(order) && (until !== "closed" || order.status !== "CONFIRMED");
  }

  async function boxesOf(orders: readonly SeenOrder[]): Promise<Map<string, BlackBoxView>> {
    const boxes = new Map(settled);
    const waiting = orders.filter(({ orderId }) => !boxes.has(orderId));
    const read = async () => {
      for (let order = waiting.pop(); order; order = waiting.pop()) {
        const box = (await staff("GET", `/admin/black-box/${order.orderId}`)) as unknown as BlackBoxView;
        boxes.set(order.orderId, box);
        if (hasEnded(order) && isDone(order) && isSettled(order, box)) settled.set(order.orderId, box);
      }
    };
    await Promise.all(Array.from({ length: boxesAtOnce }, read));
    return boxes;
  }
}

/** Every part told what it knows, and no money or unit of the order is on its way. */
function isSettled(order: SeenOrder, box: BlackBoxView | undefined): boolean {
  if (!box || box.away.length > 0 || box.order?.status !== order.status) return false;
  const states = paymentsOf(box).map(({ state }) => state);
  if (states.some(isUnsettled)) return false;
  if (order.status === "CONFIRMED") return true;
  const isGivenBack = order.status !== "REFUNDED" || box.lines.some(({ facts }) => facts.refund === "done");
  return isGivenBack && !states.includes("captured");
}

async function ordersOf(staff: Staff, productId: string): Promise<SeenOrder[]> {
  const orders: SeenOrder[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const query: string = `?productId=${productId}&limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
    const page = (await staff("GET", `/admin/orders${query}`)) as { items: SeenOrder[]; nextCursor: string | null };
    orders.push(...page.items);
    cursor = page.nextCursor;
  }
  return orders;
}

export async function reportsOf(staff: Staff, products: readonly ShadowProduct[]): Promise<Report[]> {
  const ours = new Set(products.map(({ productId }) => productId));
  const { products: all } = (await staff("GET", "/admin/reconcile")) as { products: Report[] };
  return all.filter(({ productId }) => ours.has(productId));
}
