/** Enters the deliveries of a file, a row at a time: a row that is refused keeps none of the others from being entered. */
import type { Catalog } from "#catalog";
import type { Inventory } from "#inventory";
import { crashPoint } from "#platform/crash-points";
import { type RestockRow, readRows } from "./restock-file.ts";

export type RestockedRow = { line: number } & (
  | { ok: true; productId: string; quantity: number; repeated: boolean }
  | { ok: false; error: string }
);

export type RestockOptions = {
  catalog: Pick<Catalog, "get" | "byBarcode">;
  inventory: { books: Pick<Inventory["books"], "enter"> };
};

export function createRestock({ catalog, inventory }: RestockOptions) {
  return async (lines: readonly string[], fileHash: string, actor: string): Promise<RestockedRow[]> => {
    const entered: RestockedRow[] = [];
    for (const row of readRows(lines)) {
      entered.push(row.ok ? await enter(row, fileHash, actor) : row);
      await crashPoint("warehouse.row-entered");
    }
    return entered;
  };

  async function enter(
    { line, code, quantity, reason }: RestockRow & { ok: true },
    fileHash: string,
    actor: string,
  ): Promise<RestockedRow> {
    const found = await productOf(code);
    if (!found.ok) return { line, ...found };
    const { productId } = found;
    // The blank keeps this reference distinct from references of clients, because a header cannot contain one.
    const ref = `file ${fileHash} ${line}`;
    const answer = await inventory.books.enter({ productId, kind: "restock", quantity, reason, actor, ref });
    if (answer.ok) return { line, ok: true, productId, quantity, repeated: answer.repeated };
    // The reference names the line and all of the file, so only the person can differ.
    if (answer.reason === "idempotency_mismatch") return { line, ok: true, productId, quantity, repeated: true };
    return { line, ok: false, error: `Inventory does not know ${productId} yet. Send the file again in a moment.` };
  }

  async function productOf(code: string): Promise<{ ok: true; productId: string } | { ok: false; error: string }> {
    const read = await catalog.byBarcode(code);
    const [first, second] = read.map(({ productId }) => productId);
    if (first !== undefined && second !== undefined) {
      return { ok: false, error: `${first} and ${second} have the barcode ${code}. Write the product's id.` };
    }
    const productId = first ?? (await catalog.get(code))?.productId;
    if (productId !== undefined) return { ok: true, productId };
    return { ok: false, error: `No product has the code ${code}. Check it, or add the product first.` };
  }
}
