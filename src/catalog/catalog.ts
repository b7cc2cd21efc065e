/**
 * The catalog keeps products and their prices. Every change is one version of a product and one event on
 * `product.events`.
 */
import { isDeepStrictEqual } from "node:util";
import type { EventLog } from "#engines/log";
import { createOutbox, type Outbox } from "#engines/outbox";
import type { Sql, Tx } from "#engines/sql";
import { goOn, within } from "#platform/deadline";
import { randomHex } from "#platform/ids";
import type { Log } from "#platform/log";
import { createArrivals, type Reader } from "./arrivals.ts";
import { keepImage, type MediaType, readImage } from "./images.ts";
import { productOutbox } from "./outbox.ts";
import {
  insertProduct,
  lockProduct,
  type Product,
  type ProductFields,
  readByBarcode,
  readNamed,
  readProduct,
  readProducts,
  updateProduct,
} from "./product.ts";

export type { Product };

export const catalogSchema = { schema: "catalog", folder: new URL("./migrations/", import.meta.url) };

export type NewProduct = Pick<Product, "name" | "unitPriceMinor" | "currency"> &
  Partial<Pick<Product, "productId" | "description" | "image" | "limitPerCustomer" | "barcode" | "bin">>;

export type Created = { ok: true; product: Product } | { ok: false; reason: "product_exists" };
export type Changed =
  | { ok: true; product: Product }
  | { ok: false; reason: "product_not_found" }
  | { ok: false; reason: "version_mismatch"; version: number };

export type Catalog = {
  /** Makes an id if none is given. */
  create(product: NewProduct): Promise<Created>;
  /**
   * Fields that are left out stay; a patch that changes nothing makes no version. `ifMatch`: succeeds only on one of
   * these versions.
   */
  change(productId: string, patch: Partial<ProductFields>, ifMatch?: readonly number[]): Promise<Changed>;
  get(productId: string): Promise<Product | undefined>;
  /**
   * In order of product id, from the first one after `after`. `next` is the `after` of the following page, if there is
   * one.
   */
  list(page: { after?: string | undefined; limit: number }): Promise<{ products: Product[]; next?: string }>;
  /** By product id; those that do not exist are left out. */
  all(productIds: readonly string[]): Promise<ReadonlyMap<string, Product>>;
  /** The products whose units a scanner reads as this code; a product without a barcode is read as its id. */
  byBarcode(code: string): Promise<Product[]>;
  /** Keeps the picture and makes it the product's; `ifMatch` as with `change`. */
  setImage(productId: string, bytes: Buffer, type: MediaType, ifMatch?: readonly number[]): Promise<Changed>;
  image(hash: string): Promise<{ mediaType: MediaType; bytes: Buffer } | undefined>;
  /** Events that the log does not have yet. */
  outboxWaiting: Outbox["waiting"];
  start(): void;
  stop(): Promise<void>;
};

/** A change is answered after this long even if the log has not acknowledged its event; the event follows. */
const publishWaitMs = 2_000;

/** More products than one that share a barcode are a mistake, to be shown. */
const mostOfOneBarcode = 5;

export type CatalogOptions = {
  sql: Sql;
  log: EventLog;
  topic: string;
  /** Sells by these events. */
  reader: Reader;
  logger: Log;
  /** Called after every failed turn of a loop. */
  onFault(error: unknown): void;
};

export function createCatalog(options: CatalogOptions): Catalog {
  const { sql } = options;
  const outbox = createOutbox({ ...productOutbox, ...options });
  const arrivals = createArrivals({ ...options, outboxWaiting: outbox.waiting });

  /**
   * After this, callers find their own change at the gate too. A failure here is reported by the publisher's next turn.
   */
  async function published(): Promise<void> {
    await within(publishWaitMs, outbox.publish(), goOn).catch(() => {});
  }

  async function change(
    productId: string,
    patch: Partial<ProductFields>,
    ifMatch?: readonly number[],
  ): Promise<Changed> {
    const changed = await sql.transaction(async (tx): Promise<Changed> => {
      const current = await lockExpected(tx, productId, ifMatch);
      if (!current.ok) return current;
      const next = { ...current.product, ...patch };
      if (isDeepStrictEqual(next, current.product)) return current;
      return { ok: true, product: await updateProduct(tx, productId, next) };
    });
    if (changed.ok) await published();
    return changed;
  }

  return {
    async create({ productId = randomHex(8), ...given }) {
      const fields = { description: null, image: null, limitPerCustomer: null, barcode: null, bin: null, ...given };
      const product = await sql.transaction((tx) => insertProduct(tx, productId, fields));
      if (!product) return { ok: false, reason: "product_exists" };
      await published();
      return { ok: true, product };
    },

    change,

    async setImage(productId, bytes, type, ifMatch) {
      if (!(await readProduct(sql, productId))) return { ok: false, reason: "product_not_found" };
      return change(productId, { image: `/images/${await keepImage(sql, bytes, type)}` }, ifMatch);
    },

    image: (hash) => readImage(sql, hash),

    get: (productId) => readProduct(sql, productId),

    async list({ after = "", limit }) {
      const found = await readProducts(sql, after, limit + 1);
      const products = found.slice(0, limit);
      const last = products.at(-1);
      return found.length > limit && last ? { products, next: last.productId } : { products };
    },

    async all(productIds) {
      const products = await readNamed(sql, productIds);
      return new Map(products.map((product) => [product.productId, product]));
    },
    byBarcode: (code) => readByBarcode(sql, code, mostOfOneBarcode),

    outboxWaiting: outbox.waiting,
    start() {
      outbox.start();
      arrivals.start();
    },
    async stop() {
      await arrivals.stop();
      await outbox.stop();
    },
  };
}

/** Locks the product if it has a version that the caller names; if they name none, any version will do. */
async function lockExpected(tx: Tx, productId: string, versions: readonly number[] | undefined): Promise<Changed> {
  const product = await lockProduct(tx, productId);
  if (!product) return { ok: false, reason: "product_not_found" };
  if (versions && !versions.includes(product.version)) {
    return { ok: false, reason: "version_mismatch", version: product.version };
  }
  return { ok: true, product };
}
