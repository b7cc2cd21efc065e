/** Lists every reason for which the catalog refuses a request. */
import type { FastifyReply } from "fastify";
import { defineProblems, refuse } from "#platform/problems";

export const catalogProblems = defineProblems({
  product_not_found: { status: 404, title: "There is no such product" },
  product_exists: { status: 409, title: "The product id is taken" },
  version_mismatch: { status: 412, title: "It has changed since you read it" },
  image_not_found: { status: 404, title: "There is no such picture" },
  image_not_known: { status: 415, title: "The body is no picture that the shop shows" },
});

export const noImage = "A product may have another picture by now: GET /products/{productId} names it in image.";

export function unknownProduct(productId: string): string {
  return `No product ${productId} is for sale`;
}

export function refuseChange(
  reply: FastifyReply,
  productId: string,
  refused: { reason: "product_not_found" } | { reason: "version_mismatch"; version: number },
): FastifyReply {
  if (refused.reason === "product_not_found") {
    return refuse(reply, catalogProblems.product_not_found, unknownProduct(productId));
  }
  const detail = `${productId} is at version ${refused.version} by now; read it again and repeat the change`;
  return refuse(reply, catalogProblems.version_mismatch, detail);
}
