/**
 * Tells which orders under a key are new, after the gate was loaded behind orders and asks the books about each. Orders of
 * earlier epochs are a closed set, so this process reads them once, of a product that is asked for often.
 */
import type { EarlierOrders, Inventory } from "#inventory";

export type NewKeys = {
  /** The epoch in which the order is known to be new; null if the gate has to be asked first. */
  newIn(productId: string, orderId: string): number | null;
  /** The gate asked for an order of the product. */
  noteAsked(productId: string, epoch: number): void;
};

export type NewKeysOptions = {
  books: Pick<Inventory["books"], "ledger">;
  /** A product is read once so many of its orders were asked for. */
  crowd: number;
  onFault(what: string, error: unknown): void;
};

/** Asking for one order costs more than ten times as much as reading one: docs/adr/0093-new-keys-are-known-without-a-question.md. */
const readForOneAsked = 20;
const productsAtMost = 1_000;
/** Two to four bytes each. */
const ordersAtMost = 10_000_000;

type Product = { epoch: number; asked: number; readFrom: number; earlier: EarlierOrders | undefined };

export function createNewKeys({ books, crowd, onFault }: NewKeysOptions): NewKeys {
  const products = new Map<string, Product>();
  let isReading = false;

  function productOf(productId: string, epoch: number): Product {
    const standing = products.get(productId);
    if (standing?.epoch === epoch) return standing;
    const [oldest] = products.keys();
    if (products.size >= productsAtMost && oldest !== undefined) products.delete(oldest);
    const product: Product = { epoch, asked: 0, readFrom: crowd, earlier: undefined };
    products.set(productId, product);
    return product;
  }

  async function read(productId: string, product: Product): Promise<void> {
    let kept = 0;
    for (const { earlier } of products.values()) kept += earlier?.count ?? 0;
    const atMost = Math.min(product.asked * readForOneAsked, ordersAtMost - kept);
    product.earlier = await books.ledger.earlierOrders(productId, { beforeEpoch: product.epoch, atMost });
  }

  return {
    newIn(productId, orderId) {
      const product = products.get(productId);
      return product?.earlier && !product.earlier.mayHave(orderId) ? product.epoch : null;
    },

    noteAsked(productId, epoch) {
      const product = productOf(productId, epoch);
      product.asked += 1;
      if (product.earlier || isReading || product.asked < product.readFrom) return;
      product.readFrom = product.asked * 2;
      isReading = true;
      read(productId, product)
        .catch((error) => onFault("orders of earlier epochs", error))
        .finally(() => {
          isReading = false;
        });
    },
  };
}
