/** Sends a long list as JSON piece by piece: written at once, the list of 100,000 products holds up every order meanwhile. */
import { Readable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { FastifyReply } from "fastify";

const itemsAtOnce = 200;

/** An object with the fields of `head` and, last, the list as `products`, each as `shown` makes it. */
export function sendProducts<Product extends object>(
  reply: FastifyReply,
  head: object,
  products: readonly Product[],
  shown?: (product: Product) => object,
): FastifyReply {
  reply.type("application/json; charset=utf-8");
  return reply.send(Readable.from(piecesOf(head, products, shown), { objectMode: false }));
}

export async function* piecesOf<Product extends object>(
  head: object,
  products: readonly Product[],
  shown: (product: Product) => object = (product) => product,
): AsyncGenerator<string> {
  yield JSON.stringify({ ...head, products: [] }).slice(0, -"]}".length);
  for (let i = 0; i < products.length; i += itemsAtOnce) {
    const piece = JSON.stringify(products.slice(i, i + itemsAtOnce).map(shown)).slice(1, -1);
    yield i === 0 ? piece : `,${piece}`;
    await nextTurn();
  }
  yield "]}";
}
