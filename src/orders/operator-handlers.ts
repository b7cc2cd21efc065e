/** Answers an operator's search for orders, as pages and as CSV. */
import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import type { Accounts } from "#identity";
import { csvLine } from "#platform/csv";
import type { Asked } from "#platform/http";
import { isUuid } from "#platform/ids";
import { shortCodeOf } from "#platform/short-codes";
import { pageOfOrders, positionOf } from "./books/cursors.ts";
import type { Position } from "./books/order-rows.ts";
import type { OrderFilter } from "./books/search.ts";
import type { Orders } from "./orders.ts";
import { givenBackOf } from "./steps/refunds.ts";
import type { Views } from "./view.ts";
import type { BulkFilterBody, OrderFilterBody, SearchQuery } from "./wire.ts";

/** The orders of a drop: those of its products from its opening on; the next drop of a product begins at `to`. */
export type DropOrders = { productIds: readonly string[]; from: Date; to: Date | null };

export type OperatorHandlersOptions = {
  orders: Orders;
  views: Views;
  accounts: Pick<Accounts, "ofEmail" | "emailsOf">;
  /** undefined if there is no such drop. */
  ordersOfDrop(dropId: string): Promise<DropOrders | undefined>;
};

const pageSize = 50;
const linesAtOnce = 500;
const header = [
  ...["orderId", "code", "placedAt", "buyer", "email", "productId", "quantity", "price", "total", "currency"],
  ...["status", "reason", "givenBack"],
];

export function createOperatorHandlers({ orders, views, accounts, ordersOfDrop }: OperatorHandlersOptions) {
  async function filterOf(asked: BulkFilterBody): Promise<OrderFilter> {
    const { status, dropId, productId, q, orderIds } = asked;
    const drop = dropId === undefined ? undefined : await ordersOfDrop(dropId);
    const products = dropId === undefined ? undefined : (drop?.productIds ?? []);
    const one = productId === undefined ? undefined : [productId];
    return {
      status,
      q,
      orderIds: orderIds?.filter(isUuid),
      productIds: one && products ? one.filter((id) => products.includes(id)) : (one ?? products),
      buyer: q?.includes("@") ? await accounts.ofEmail(q) : undefined,
      from: latest(momentOf(asked.from), drop?.from),
      to: earliest(momentOf(asked.to), drop?.to ?? undefined),
    };
  }

  async function searchOrders(request: Asked<{ querystring: typeof SearchQuery }>) {
    const { cursor, limit = pageSize, ...asked } = request.query;
    const after = positionOf(cursor);
    const page = await orders.search(await filterOf(asked), after, limit + 1);
    const { shown, nextCursor } = pageOfOrders(page, limit);
    return { items: await views.forAdmin(shown), nextCursor };
  }

  async function exportOrders(request: Asked<{ querystring: typeof OrderFilterBody }>, reply: FastifyReply) {
    const filter = await filterOf(request.query);
    // The first page comes before the answer begins, so that a database that is away is answered as a problem.
    const first = await orders.search(filter, null, linesAtOnce);
    reply.type("text/csv; charset=utf-8; header=present");
    reply.header("content-disposition", 'attachment; filename="orders.csv"');
    // One page is in memory; the next one is read when the reader has taken it.
    return reply.send(Readable.from(linesFrom(filter, first), { objectMode: false, highWaterMark: 1 }));
  }

  async function* linesFrom(filter: OrderFilter, first: Awaited<ReturnType<Orders["search"]>>) {
    yield csvLine(header);
    for (let page = first; page.length > 0; ) {
      const emails = await accounts.emailsOf(page.map(({ userId }) => userId));
      const lines = page.map((order) =>
        csvLine([
          order.orderId,
          shortCodeOf(order.orderId),
          order.placedAt.toISOString(),
          order.userId,
          emails.get(order.userId) ?? null,
          order.productId,
          order.quantity,
          order.unitPriceMinor,
          order.totalMinor,
          order.currency,
          order.status,
          order.reason,
          givenBackOf(order),
        ]),
      );
      yield lines.join("");
      page = page.length < linesAtOnce ? [] : await orders.search(filter, page.at(-1) as Position, linesAtOnce);
    }
  }

  return { filterOf, searchOrders, exportOrders };
}

function momentOf(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(text);
}

function latest(a: Date | undefined, b: Date | undefined): Date | undefined {
  return a && b && a > b ? a : (b ?? a);
}

function earliest(a: Date | undefined, b: Date | undefined): Date | undefined {
  return a && b && a < b ? a : (b ?? a);
}
