/** Finds the products that differ between gate and books, a page of products at a time. */
import type { Sql } from "#engines/sql";
import { isSaleAhead, type SaleRow, saleColumns, saleFrom } from "../books/sales.ts";
import type { Gate, Offer } from "../gate/gate.ts";

export type Compared = {
  /** The epoch of each product at the gate, if it has the product. */
  epochs: ReadonlyMap<string, number>;
  /**
   * Missing at the gate, closed, of another epoch, with other units, or ahead of the books in its changes, its price or the
   * terms of its sale: only a rebuild helps.
   */
  wrong: string[];
  /** Those among them that have a price, or terms of a sale, which the books do not have. */
  ahead: Map<string, "price_ahead" | "sale_ahead">;
  /** They agree up to the gate's last row, and the books have later changes. */
  behind: string[];
  /** Their price, or the terms of their sale, are older at the gate than in the books. */
  untold: string[];
};

/** The gate is read first, so the books that are read afterwards include the row that the gate applied last. */
export async function compareProducts(sql: Sql, gate: Gate, productIds: readonly string[]): Promise<Compared> {
  if (productIds.length === 0) return { epochs: new Map(), wrong: [], ahead: new Map(), behind: [], untold: [] };
  const snapshots = await gate.snapshot(productIds);
  const loaded = new Map(snapshots.map((snapshot) => [snapshot.productId, snapshot]));
  const books = await sql.query<ComparedBooks>(
    `select s.product_id as "productId", s.epoch, s.seq, sale.version as "saleVersion", offer.version as "offerVersion",
            offer.unit_price_minor as "unitPriceMinor", offer.currency, offer.limit_per_customer as "limitPerCustomer",
            ${saleColumns},
            case when a.seq = 0 then 0 else r.available_after end as "availableAfter"
       from inventory.stock s
       left join unnest($2::text[], $3::bigint[]) as a (product_id, seq) using (product_id)
       left join inventory.stock_stream r on r.product_id = s.product_id and r.seq = a.seq
       left join inventory.sale on sale.product_id = s.product_id
       left join inventory.offer on offer.product_id = s.product_id
      where s.product_id = any($1::text[])`,
    [productIds, [...loaded.keys()], snapshots.map((snapshot) => snapshot.applied)],
  );
  const epochs = new Map(snapshots.map((snapshot) => [snapshot.productId, snapshot.epoch]));
  const compared: Compared = { epochs, wrong: [], ahead: new Map(), behind: [], untold: [] };
  for (const { productId, epoch, seq, availableAfter, saleVersion, offerVersion, ...terms } of books) {
    const gateHas = loaded.get(productId);
    const { unitPriceMinor, currency, limitPerCustomer, ...ofSale } = terms;
    const sale = saleVersion === null ? null : saleFrom({ ...ofSale, version: saleVersion });
    const ofOffer = { unitPriceMinor, currency, limitPerCustomer };
    const offer = offerVersion === null ? null : { ...ofOffer, version: offerVersion };
    if (isSaleAhead(gateHas?.sale, sale)) compared.ahead.set(productId, "sale_ahead");
    else if (isPriceAhead(gateHas?.offer, offer)) compared.ahead.set(productId, "price_ahead");
    const agrees =
      gateHas?.open &&
      gateHas.epoch === epoch &&
      gateHas.applied <= seq &&
      !compared.ahead.has(productId) &&
      gateHas.sellable + gateHas.pending === availableAfter &&
      // Units in flight without any record would never be decided.
      (gateHas.pending === 0 || gateHas.oldestMs !== null);
    if (!agrees) compared.wrong.push(productId);
    else if (gateHas.applied < seq) compared.behind.push(productId);
    const knowsTerms = (gateHas?.sale?.version ?? null) === saleVersion;
    const knowsPrice = (gateHas?.offer?.version ?? 0) >= (offerVersion ?? 0);
    if (agrees && !(knowsTerms && knowsPrice)) compared.untold.push(productId);
  }
  return compared;
}

type ComparedBooks = Omit<Offer, "version"> &
  Omit<SaleRow, "version"> & {
    productId: string;
    epoch: number;
    seq: number;
    availableAfter: number | null;
    saleVersion: number | null;
    offerVersion: number | null;
  };

/**
 * Books that lack their latest changes, as those of a replica that became the primary may, give the same versions to later
 * prices.
 */
function isPriceAhead(atGate: Offer | null | undefined, inBooks: Offer | null): boolean {
  if (!atGate || !inBooks || atGate.version < inBooks.version) return false;
  return (
    atGate.version > inBooks.version ||
    atGate.unitPriceMinor !== inBooks.unitPriceMinor ||
    atGate.currency !== inBooks.currency ||
    atGate.limitPerCustomer !== inBooks.limitPerCustomer
  );
}

/** The products after one, in the order of their ids. */
export async function productsAfter(sql: Sql, last: string, limit: number): Promise<string[]> {
  const rows = await sql.query<{ id: string }>(
    "select product_id as id from inventory.stock where product_id > $1 order by product_id limit $2",
    [last, limit],
  );
  return rows.map((row) => row.id);
}

/** All products, a page at a time, so that other work runs between two pages. */
export async function* productPages(sql: Sql, pageSize: number): AsyncGenerator<string[]> {
  for (let last: string | undefined = ""; last !== undefined; ) {
    const page = await productsAfter(sql, last, pageSize);
    if (page.length > 0) yield page;
    last = page.length < pageSize ? undefined : page.at(-1);
  }
}
