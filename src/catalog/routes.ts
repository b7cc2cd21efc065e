/** The catalog over HTTP: every client may read it, an ADMIN may change it. */
import type { FastifyReply } from "fastify";
import { Type } from "typebox";
import { etagOf, holdsAlready, ifMatchVersions } from "#platform/etag";
import type { Asked, Http } from "#platform/http";
import { type Guard, problemResponses } from "#platform/openapi";
import { Problem, platformProblems, refuse } from "#platform/problems";
import type { Catalog } from "./catalog.ts";
import { imageRoutes } from "./image-routes.ts";
import { catalogProblems, refuseChange, unknownProduct } from "./problems.ts";
import { answerOf, newProductOf, patchOf } from "./view.ts";
import {
  defaultLimit,
  IfMatch,
  IfNoneMatch,
  PageAnswer,
  PageQuery,
  PatchBody,
  ProductAnswer,
  ProductBody,
  ProductParams,
  productIdPattern,
} from "./wire.ts";

const { product_not_found, product_exists, version_mismatch } = catalogProblems;

/** `adminOnly` guards the routes that change the catalog; the others are open. */
export function catalogRoutes(app: Http, { catalog, adminOnly }: { catalog: Catalog; adminOnly: Guard }): void {
  app.addSchema(ProductAnswer);
  app.get("/products", { schema: documents.listProducts }, listProducts);
  app.get("/products/:productId", { schema: documents.getProduct }, getProduct);
  app.post("/products", { onRequest: adminOnly, schema: documents.addProduct }, addProduct);
  app.patch("/products/:productId", { onRequest: adminOnly, schema: documents.changeProduct }, changeProduct);
  imageRoutes(app, { catalog, adminOnly });

  async function listProducts(request: Asked<{ querystring: typeof PageQuery }>) {
    const { cursor, limit = defaultLimit, barcode } = request.query;
    if (barcode !== undefined) {
      return { products: (await catalog.byBarcode(barcode)).map(answerOf), nextCursor: null };
    }
    const page = await catalog.list({ after: cursor && positionOf(cursor), limit });
    return {
      products: page.products.map(answerOf),
      nextCursor: page.next === undefined ? null : cursorOf(page.next),
    };
  }

  async function getProduct(
    request: Asked<{ params: typeof ProductParams; headers: typeof IfNoneMatch }>,
    reply: FastifyReply,
  ) {
    const { productId } = request.params;
    const product = await catalog.get(productId);
    if (!product) return refuse(reply, product_not_found, unknownProduct(productId));
    // A cache may keep a copy, but must revalidate it before each use, because a price must never be old.
    reply.header("etag", etagOf(product)).header("cache-control", "no-cache");
    if (holdsAlready(request.headers["if-none-match"], product)) return reply.code(304).send();
    return answerOf(product);
  }

  async function addProduct(request: Asked<{ body: typeof ProductBody }>, reply: FastifyReply) {
    const created = await catalog.create(newProductOf(request.body));
    if (!created.ok) {
      const { productId } = request.body;
      return refuse(
        reply,
        product_exists,
        `${productId} is a product already; choose another id or change that product`,
      );
    }
    const { product } = created;
    reply.code(201).header("location", `/products/${product.productId}`).header("etag", etagOf(product));
    return answerOf(product);
  }

  async function changeProduct(
    request: Asked<{ params: typeof ProductParams; headers: typeof IfMatch; body: typeof PatchBody }>,
    reply: FastifyReply,
  ) {
    const { productId } = request.params;
    const asked = ifMatchVersions(request.headers["if-match"]);
    const changed = await catalog.change(productId, patchOf(request.body), asked);
    if (changed.ok) {
      reply.header("etag", etagOf(changed.product));
      return answerOf(changed.product);
    }
    return refuseChange(reply, productId, changed);
  }
}

const tags = ["products"];

const documents = {
  listProducts: {
    tags,
    operationId: "listProducts",
    summary: "What is for sale, in order of product id",
    querystring: PageQuery,
    response: { 200: PageAnswer },
  },
  getProduct: {
    tags,
    operationId: "getProduct",
    summary: "One product",
    params: ProductParams,
    headers: IfNoneMatch,
    response: {
      200: Type.Ref("Product"),
      304: Type.Null({ description: "You hold this version" }),
      ...problemResponses(product_not_found),
    },
  },
  addProduct: {
    tags,
    operationId: "addProduct",
    summary: "Adds a product",
    body: ProductBody,
    response: { 201: Type.Ref("Product"), ...problemResponses(product_exists) },
  },
  changeProduct: {
    tags,
    operationId: "changeProduct",
    summary: "Changes the fields that are sent; with `If-Match`, only of a version that was read",
    params: ProductParams,
    headers: IfMatch,
    body: PatchBody,
    response: { 200: Type.Ref("Product"), ...problemResponses(product_not_found, version_mismatch) },
  },
};

function cursorOf(productId: string): string {
  return Buffer.from(productId).toString("base64url");
}

const isProductId = new RegExp(productIdPattern);

/** @throws Problem for a text that no page gave out, as the cursor of another list. */
function positionOf(cursor: string): string {
  const productId = Buffer.from(cursor, "base64url").toString();
  if (cursorOf(productId) !== cursor || !isProductId.test(productId)) {
    throw new Problem(platformProblems.validation, "cursor is not the nextCursor of a page of /products");
  }
  return productId;
}
