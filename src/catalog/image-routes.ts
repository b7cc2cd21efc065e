/** Takes the picture of a product from an ADMIN, and gives it to every browser. */
import type { FastifyReply } from "fastify";
import { Type } from "typebox";
import { etagOf, ifMatchVersions } from "#platform/etag";
import { type Asked, acceptBytes, type Http } from "#platform/http";
import { type Guard, problemResponses } from "#platform/openapi";
import { refuse } from "#platform/problems";
import type { Catalog } from "./catalog.ts";
import { mediaTypeOf, mediaTypes, mostBytes } from "./images.ts";
import { catalogProblems, noImage, refuseChange } from "./problems.ts";
import { answerOf } from "./view.ts";
import { IfMatch, ImageParams, ProductParams } from "./wire.ts";

const { product_not_found, version_mismatch, image_not_found, image_not_known } = catalogProblems;

export function imageRoutes(app: Http, { catalog, adminOnly }: { catalog: Catalog; adminOnly: Guard }): void {
  app.get("/images/:hash", { schema: documents.getImage }, getImage);
  app.register(async (scope) => {
    acceptBytes(scope);
    const options = { onRequest: adminOnly, bodyLimit: mostBytes, schema: documents.setProductImage };
    scope.put("/products/:productId/image", options, setProductImage);
  });

  async function setProductImage(
    request: Asked<{ params: typeof ProductParams; headers: typeof IfMatch }>,
    reply: FastifyReply,
  ) {
    const { productId } = request.params;
    const versions = ifMatchVersions(request.headers["if-match"]);
    const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const mediaType = mediaTypeOf(bytes);
    if (!mediaType) return refuse(reply, image_not_known, "Send the bytes of a PNG, JPEG, WebP or AVIF as the body.");
    const changed = await catalog.setImage(productId, bytes, mediaType, versions);
    if (!changed.ok) return refuseChange(reply, productId, changed);
    reply.header("etag", etagOf(changed.product));
    return answerOf(changed.product);
  }

  async function getImage(request: Asked<{ params: typeof ImageParams }>, reply: FastifyReply) {
    const image = await catalog.image(request.params.hash);
    if (!image) return refuse(reply, image_not_found, noImage);
    reply.headers({
      "cache-control": "public, max-age=31536000, immutable",
      "x-content-type-options": "nosniff",
      // A browser that opens the address alone runs nothing of it, whatever the bytes hold.
      "content-security-policy": "default-src 'none'; sandbox",
      "cross-origin-resource-policy": "same-origin",
    });
    return reply.type(image.mediaType).send(image.bytes);
  }
}

/** A WebP begins with letters, so a document can show one; the bytes of the others are no text. */
const webp = { examples: ["RIFF\u0000\u0000\u0000\u0000WEBPVP8 "] };
const picture = Object.fromEntries(
  mediaTypes.map((contentMediaType) => {
    const schema = Type.Unsafe<Buffer>({ contentMediaType, ...(contentMediaType === "image/webp" && webp) });
    return [contentMediaType, { schema }];
  }),
);

const documents = {
  setProductImage: {
    tags: ["products"],
    operationId: "setProductImage",
    summary: "Sets the picture of a product",
    description:
      "The body is a PNG, JPEG, WebP or AVIF of at most 1 MiB; its bytes say which. The product gets its path.",
    params: ProductParams,
    headers: IfMatch,
    body: { content: picture },
    response: {
      200: Type.Ref("Product"),
      ...problemResponses(product_not_found, version_mismatch, image_not_known),
    },
  },
  getImage: {
    tags: ["products"],
    operationId: "getImage",
    summary: "A picture. What is at an address never changes",
    params: ImageParams,
    response: { 200: { description: "The picture", content: picture }, ...problemResponses(image_not_found) },
  },
};
