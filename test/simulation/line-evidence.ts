/** The line of a drop as the laws read it: made again when something in it has changed. */
import type { LineReading } from "../laws/evidence.ts";
import { sum } from "../laws/law.ts";
import type { SimulatedLine } from "./line-process.ts";
import type { People } from "./people.ts";
import { numberOf, type PassInRow, type PlaceRow } from "./sql/room.ts";
import type { World } from "./world.ts";

function keeps(state: PassInRow["state"]): boolean {
  return state === "pending" || state === "live";
}

/** Offers go to people who were never called, and to those who came and found nothing. */
function isPassedOver(place: PlaceRow, called: number): boolean {
  return place.offeredUntil !== null || place.doneAt !== null || (numberOf(place) <= called && place.askedAt === null);
}

/** A transaction that gives passes reads the free units at most so long before its end, with all delays of the network. */
const readBeforeMs = 10_000;

export function createLineOnlooker(world: World, people: People): () => readonly LineReading[] {
  const { books, gate, timeline } = world;
  const t = books.tables;
  const called: number[] = [];
  const promises: LineReading["promises"][number][] = [];
  const seen = new Set<string>();
  /** Units that were free at once, and the last look that found them so. */
  let free: { lastMs: number; units: ReadonlyMap<string, number> }[] = [];
  let sources: readonly unknown[] = [];
  let known: readonly LineReading[] = [];

  /** As the line is told: by the gate, or by the books without it. */
  function freeOf(productId: string): number {
    const [mode] = t.mode.committed();
    const product = gate.state.get(productId);
    const stock = t.stock.committed().find((row) => row.productId === productId);
    if (mode?.mode === "gatekeeper") return gate.alive && product?.open ? product.sellable : 0;
    return stock ? stock.totalIn - stock.committed : 0;
  }

  /** By product, at once. */
  function unitsOf({ drop }: SimulatedLine): Map<string, number> {
    return new Map(drop.products.map(({ productId }) => [productId, freeOf(productId)]));
  }

  function noteFree(units: ReadonlyMap<string, number>): void {
    const last = free.at(-1);
    if (last && [...units].every(([productId, count]) => last.units.get(productId) === count)) {
      last.lastMs = timeline.now();
      return;
    }
    free = [...free.filter(({ lastMs }) => lastMs > timeline.now() - readBeforeMs), { lastMs: timeline.now(), units }];
  }

  function unspentOf(passes: readonly PassInRow[]): PassInRow[] {
    const ordered = new Set(t.orders.committed().map(({ orderId }) => orderId));
    for (const { orderId } of t.ledger.committed()) ordered.add(orderId);
    for (const { attempts } of people.wishes) for (const { orderId } of attempts) if (orderId) ordered.add(orderId);
    for (const { records } of gate.state.values()) for (const orderId of records.keys()) ordered.add(orderId);
    const nowMs = timeline.now();
    return passes.filter(
      ({ state, expiresAt, orderId }) => keeps(state) && expiresAt.getTime() > nowMs && !ordered.has(orderId),
    );
  }

  return () => {
    const { line } = world;
    if (!line) return known;
    const units = unitsOf(line);
    noteFree(units);
    const [room, places, passes, told] = [
      t.room.committed(),
      t.place.committed(),
      t.pass.committed(),
      people.toldPlaces,
    ];
    const { exchanged } = people;
    const now = [room, places, passes, told, exchanged, ...units.values()];
    if (now.every((one, i) => one === sources[i])) return known;
    sources = now;
    const [row] = room;
    if (!row) return known;
    if (row.called !== called.at(-1)) called.push(row.called);
    const fresh = passes.filter(({ passId }) => !seen.has(passId));
    for (const { passId } of fresh) seen.add(passId);
    for (const productId of new Set(fresh.map((pass) => pass.productId))) {
      const unspent = unspentOf(passes).filter((pass) => pass.productId === productId).length;
      const since = timeline.now() - readBeforeMs;
      const most = Math.max(...free.map(({ lastMs, units }) => (lastMs > since ? (units.get(productId) ?? 0) : 0)));
      promises.push({ productId, unspent, free: most, atMs: timeline.now() });
    }
    const spareOf = ([productId, count]: [string, number]) =>
      Math.max(0, count - passes.filter((pass) => pass.productId === productId && keeps(pass.state)).length);
    const offers = places.filter(
      (one) => one.offeredUntil && !one.doneAt && !one.leftAt && !passes.some(({ seq }) => seq === one.seq),
    ).length;
    known = [
      {
        dropId: row.dropId,
        lastSeq: row.lastSeq,
        frozenSize: row.frozenSize,
        isDrawn: row.orderKind !== null,
        called: [...called],
        places: places.map((one) => ({
          seq: one.seq,
          userId: one.userId,
          rank: one.rank,
          hasLeft: one.leftAt !== null,
          wasOffered: row.mode === "line" ? numberOf(one) <= row.called : isPassedOver(one, row.called),
        })),
        passes: passes.map(({ passId, orderId, seq, userId, productId }) => ({
          passId,
          orderId,
          seq,
          userId,
          productId,
        })),
        exchanged,
        told,
        promises: [...promises],
        spare: Math.max(0, sum(units, spareOf) - offers),
      },
    ];
    return known;
  };
}
