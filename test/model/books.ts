/** The transactions of the books: read, `decide`, write, as ledger.ts and outcomes.ts do with the product locked. */
import { type Claim, type Decided, decide, fateKey } from "../../src/inventory/books/decide.ts";
import { nextRow } from "../../src/inventory/books/ledger.ts";
import type { GateImage, Reservation } from "../../src/inventory/gate/gate.ts";
import { passEndsAtMs } from "./moves-of-passes.ts";
import type { Mutant } from "./settings.ts";
import { available, type Books, type OrderStatus, productId, type World } from "./world.ts";

export function decideInBooks(
  { books }: World,
  reservations: readonly Reservation[],
  intent: Claim["intent"],
  mutant: Mutant | undefined,
): Decided[] {
  const { stock, fates, orders, held, stream } = books;
  const claims = reservations.map((reservation): Claim => ({ ...reservation, intent }));
  const standing = new Set([...fates.values()].filter(isOfOrder).map(({ orderId }) => orderId));
  const { decided, items, ...batch } = decide(
    {
      epoch: mutant === "no-fence" ? (claims[0]?.epoch ?? 0) : stock.epoch,
      available: available(books),
      fates,
      standIns: new Map(),
      lastDirectNo: stock.lastDirectNo,
      orders: mutant === "no-duplicate-check" ? new Set() : standing,
      held,
    },
    claims,
  );
  stock.committed += batch.claimedUnits;
  stock.totalIn -= batch.withdrawnUnits;
  books.entered -= batch.withdrawnUnits;
  for (const [userId, units] of batch.heldBy) held.set(userId, (held.get(userId) ?? 0) + units);
  for (const claim of decided.filter(({ fresh }) => fresh)) {
    if (claim.fate !== "void" || mutant !== "no-tombstone") fates.set(fateKey(claim), claim);
  }
  if (items.length > 0) stream.push(nextRow(stock, { items, added: 0 }));
  if (intent === "claim") {
    decided.forEach((claim, i) => {
      const status = statusOf(claim);
      const row = orders.get(claim.orderId);
      if (status && (!row || (row.status === "fenced" && status === "reserved"))) {
        orders.set(claim.orderId, { reservation: reservations[i] as Reservation, status, releases: 0 });
      }
    });
  }
  return decided;
}

function isOfOrder({ fate }: { fate: string }): boolean {
  return fate === "claimed" || fate === "refused";
}

function statusOf({ fate, fresh }: Decided): OrderStatus | undefined {
  if (fate === "claimed" && fresh) return "reserved";
  if (fate === "refused" && fresh) return "refused";
  return fate === "fenced" ? "fenced" : undefined;
}

/** Compares and sets; its effect on the units is counted later (`count`), as from outcome_queue. */
export function endOrder({ books }: World, orderId: string, status: "ended" | "confirmed"): void {
  const row = books.orders.get(orderId);
  if (row) books.orders.set(orderId, { ...row, status });
}

export function count({ books }: World, orderId: string): void {
  const row = books.orders.get(orderId);
  if (!row) return;
  const { reservationNo, userId, quantity } = row.reservation;
  books.stock.committed -= quantity;
  books.held.set(userId, (books.held.get(userId) ?? 0) - quantity);
  books.stream.push(
    nextRow(books.stock, { items: [{ effect: "released", orderId, reservationNo, userId, quantity }], added: 0 }),
  );
  books.orders.set(orderId, { ...row, status: "released", releases: row.releases + 1 });
}

export function enter({ books }: World, units: number): void {
  if (books.stock.totalIn + units < books.stock.committed) return;
  books.stock.totalIn += units;
  books.entered += units;
  books.stream.push(nextRow(books.stock, { items: [], added: units }));
}

/** The commit of the new epoch, and the image for the gate as of it. */
export function takeImage({ books, gate }: World, mutant: Mutant | undefined): GateImage {
  const { stock, held, fates, stream } = books;
  if (mutant !== "no-epoch") stock.epoch += 1;
  stream.push(nextRow(stock, { kind: "rebuild", items: [], added: 0 }));
  return {
    productId,
    epoch: stock.epoch,
    sellable: available(books),
    applied: stock.seq,
    offer: gate.offer,
    sale: books.sale,
    held: [...held].filter(([, units]) => units > 0),
    latchedIn: hadNothingLeft(books) ? (books.sale?.dropId ?? null) : null,
    retired: mutant === "image-without-retired" ? [] : [...books.retired].map((orderId) => [orderId, passEndsAtMs]),
    keysInBooks: fates.size > 0,
  };
}

/** A stream row says so: books/products.ts looks for one. */
function hadNothingLeft({ stream }: Books): boolean {
  return stream.some(({ availableAfter }) => availableAfter <= 0);
}
