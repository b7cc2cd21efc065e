/** Places orders without the gate, in mode `sync`: each is decided in the books before the answer. */
import type { Sql } from "#engines/sql";
import type { Decided, DirectAnswer, DirectRefusal, Inventory, Offer, ReserveRequest } from "#inventory";
import { type Batcher, createBatcher } from "#platform/batch";
import { currentTrace } from "#platform/spans";
import type { Trace } from "#platform/trace";
import { insertOrders, productsOf, type SettledOrder } from "../books/order-rows.ts";
import { queueEvents } from "../books/outbox.ts";
import { keepTraces, type OrderTraces } from "../books/trace-rows.ts";
import { settledEventsOf } from "../events.ts";
import { type LineBehind, notOpen, type PlaceAnswer, type PlaceRefusal, placed, replay } from "./answers.ts";
import { readEarlier } from "./earlier.ts";
import type { Returns } from "./returns.ts";

export type DirectOrders = { place(wanted: ReserveRequest): Promise<PlaceAnswer> };
export type DirectOptions = {
  sql: Sql;
  books: Inventory["books"];
  returns: Returns;
  maxWaiting: number;
  now(): number;
  /** Orders are in the books. */
  onSettled(): void;
};

type Priced = { wanted: ReserveRequest; offer: Offer; trace: Trace | undefined };
type DecidedOrder = Priced & Extract<DirectAnswer, { claim: Decided }>;
type DirectDecision = DecidedOrder | (Priced & { refusal: DirectRefusal });

const ordersAtOnce = 100;

export function createDirectOrders({ sql, books, returns, maxWaiting, now, onSettled }: DirectOptions): DirectOrders {
  const decisions: Batcher<Priced, DirectDecision | "closed"> = createBatcher({
    maxBatch: ordersAtOnce,
    maxWaiting,
    run: decideTogether,
  });

  async function place(wanted: ReserveRequest): Promise<PlaceAnswer> {
    const { orderId, productId, quantity, expectedTotalMinor } = wanted;
    const refuse = (reason: PlaceRefusal, { lineOf }: LineBehind = {}): PlaceAnswer =>
      reason === "sold_out"
        ? returns.soldOut(wanted, lineOf)
        : { ok: false, reason, orderId, ...(lineOf !== undefined && { lineOf }) };
    const offer = await books.products.offerOf(productId);
    if (!offer)
      return refuse((await books.products.isUnknown(productId)) ? "product_not_found" : "price_not_available");
    const totalMinor = offer.unitPriceMinor * quantity;
    if (expectedTotalMinor !== null && expectedTotalMinor !== totalMinor) return refuse("price_changed");

    const decided = await decisions.add({ wanted, offer, trace: currentTrace() });
    if (decided === "closed") return refuse("closed");
    if ("refusal" in decided) {
      const { refusal } = decided;
      return refusal.reason === "drop_not_open"
        ? notOpen(wanted, refusal)
        : refuse(refusal.reason, "lineOf" in refusal ? refusal : {});
    }
    if (decided.claim.fate === "claimed") {
      return { ok: true, order: { ...placed(reservationOf(decided), false), status: "INVENTORY_RESERVED" } };
    }
    const isRepeat = decided.claim.fate === "duplicate";
    const standing = isRepeat ? (await readEarlier({ sql, books }, [orderId])).get(orderId) : undefined;
    if (standing) return replay(orderId, standing, wanted.bodyHash);
    return decided.claim.reason === "sold_out"
      ? refuse("sold_out", decided)
      : refuse(decided.claim.reason ?? "order_failed");
  }

  async function decideTogether(asked: readonly Priced[]): Promise<(DirectDecision | "closed")[]> {
    const decided = await sql.transaction(async (tx): Promise<DirectDecision[] | null> => {
      const claims = asked.map(({ wanted, offer }) => ({ ...wanted, limitPerCustomer: offer.limitPerCustomer }));
      const answer = await books.claimDirect(tx, claims);
      if (!answer) return null;
      const decided = asked.map((order, i) => ({ ...order, ...(answer[i] as NonNullable<(typeof answer)[number]>) }));
      const at = new Date(now());
      const sold = decided
        .filter((one) => "claim" in one)
        .filter(({ claim }) => claim.fate === "claimed" && claim.fresh);
      const orders = sold.map(settledOf);
      const settled = await insertOrders(
        tx,
        orders,
        at,
        await books.products.extensionsOf(tx, productsOf(orders.map(({ reservation }) => reservation))),
      );
      await keepTraces(tx, tracesOf(sold), at);
      await queueEvents(
        tx,
        settled.map((order) => settledEventsOf(order, at)),
      );
      return decided;
    });
    if (!decided) return asked.map(() => "closed");
    onSettled();
    return decided;
  }

  return { place };
}

function tracesOf(orders: readonly Priced[]): OrderTraces {
  return new Map(orders.flatMap(({ wanted, trace }) => (trace ? [[wanted.orderId, trace] as const] : [])));
}

function settledOf(order: DecidedOrder): SettledOrder {
  return { reservation: reservationOf(order), status: "PAYMENT_PENDING", reason: null };
}

function reservationOf({ wanted, offer, claim, holdMs }: DecidedOrder) {
  const { productId, orderId, userId, quantity, bodyHash, nowMs, payByMs } = wanted;
  const { unitPriceMinor, currency, version } = offer;
  return {
    productId,
    orderId,
    userId,
    quantity,
    bodyHash,
    payByMs: holdMs === null ? payByMs : nowMs + holdMs,
    reservedAtMs: nowMs,
    unitPriceMinor,
    currency,
    limitPerCustomer: claim.limitPerCustomer,
    priceVersion: version,
    epoch: claim.epoch,
    reservationNo: claim.reservationNo,
  };
}
