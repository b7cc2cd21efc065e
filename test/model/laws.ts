/** The invariants of docs/guide/protocol.md, each with its number. A law returns the violation, or nothing. */
import type { Fate } from "../../src/inventory/gate/gate.ts";
import { isUndecided, isWhole } from "../../src/inventory/gate/state.ts";
import { available, type Books, fateOf, gateOf, hasClaim, type World } from "./world.ts";

/** Must hold in every state. */
export function broken(world: World): string | undefined {
  return brokenUnits(world) ?? brokenGate(world) ?? brokenFates(world) ?? brokenAnswers(world) ?? brokenEnds(world);
}

function brokenUnits({ books }: World): string | undefined {
  const { totalIn, committed } = books.stock;
  if (committed < 0 || committed > totalIn) return `I1: ${committed} units are committed of ${totalIn}`;
  const claimed = sumOf(books, "claimed");
  const released = [...books.orders.values()].filter(({ status }) => status === "released");
  const back = released.reduce((sum, { reservation }) => sum + reservation.quantity, 0);
  if (committed !== claimed - back) return `I2: ${committed} committed, ${claimed} claimed, ${back} released`;
  if (totalIn !== books.entered) return `I2: ${totalIn} in, ${books.entered} entered`;
  return undefined;
}

function sumOf({ fates }: Books, fate: Fate): number {
  let sum = 0;
  for (const one of fates.values()) if (one.fate === fate) sum += one.quantity;
  return sum;
}

function brokenGate(world: World): string | undefined {
  const product = gateOf(world);
  // Nothing of a lost product is sold until it is loaded again.
  if (!product || !isWhole(product)) return undefined;
  const { stock, stream } = world.books;
  let undecided = 0;
  for (const record of product.records.values()) if (isUndecided(record)) undecided += record.quantity;
  if (product.pending !== undecided) return `I4: ${product.pending} units pending, ${undecided} in records`;
  if (!product.open) return undefined;
  if (product.sellable < 0) return `I3: ${product.sellable} units to sell`;
  if (product.applied > stock.seq) return `I9: the gate applied ${product.applied} of ${stock.seq}`;
  // Between the commit of a rebuild and its install the product is closed, so an open one is of the books' epoch.
  if (product.epoch !== stock.epoch)
    return `I9: the gate sells in epoch ${product.epoch}, the books are at ${stock.epoch}`;
  const should = stream[product.applied - 1]?.availableAfter;
  const has = product.sellable + product.pending;
  return has === should ? undefined : `I3: the gate has ${has}, the books had ${should} after row ${product.applied}`;
}

function brokenFates(world: World): string | undefined {
  const claimed = new Set<string>();
  for (const { fate, orderId } of world.books.fates.values()) {
    if (fate !== "claimed") continue;
    if (claimed.has(orderId)) return `I5: order ${orderId} is claimed twice`;
    claimed.add(orderId);
  }
  for (const { reservation, orderId } of world.attempts) {
    const fate = reservation && fateOf(world, reservation);
    if (fate && fate.orderId !== orderId) return `I5: the fate of ${orderId} is that of ${fate.orderId}`;
  }
  const held = new Map<string, number>();
  for (const { fate, userId, quantity } of world.books.fates.values()) {
    if (fate === "claimed") held.set(userId, (held.get(userId) ?? 0) + quantity);
  }
  for (const { status, reservation } of world.books.orders.values()) {
    if (status === "released") held.set(reservation.userId, (held.get(reservation.userId) ?? 0) - reservation.quantity);
  }
  for (const [userId, units] of world.books.held) {
    if (units !== (held.get(userId) ?? 0)) return `I10: ${userId} holds ${units}, the ledger says ${held.get(userId)}`;
    const limit = world.limit;
    if (limit !== null && units > limit) return `I10: ${userId} holds ${units} of at most ${limit}`;
  }
  return undefined;
}

function brokenAnswers(world: World): string | undefined {
  for (const { orderId, reservation, answer } of world.attempts) {
    if (!reservation) continue;
    const fate = fateOf(world, reservation)?.fate;
    if (answer === "accepted" && fate !== undefined && !hasClaim(world, orderId)) {
      return `I6: the buyer of ${orderId} was told 202, the books say ${fate}`;
    }
    if (answer === "failed" && fate === "claimed")
      return `I7: the buyer of ${orderId} was told it failed, it is claimed`;
  }
  return undefined;
}

function brokenEnds(world: World): string | undefined {
  const { books, exchange } = world;
  if (exchange.step === "retired" && hasClaim(world, exchange.orderId))
    return `race of exchange and use: ${exchange.orderId} is claimed, and its pass was exchanged`;
  for (const [orderId, { status, releases }] of books.orders) {
    if (releases > 1) return `I8: the units of ${orderId} were given back ${releases} times`;
    if (status === "confirmed" && releases > 0) return `I8: ${orderId} is confirmed, and its units were given back`;
  }
  return undefined;
}

/** Must hold if only faults can still happen. */
export function leftOver(world: World): string | undefined {
  const product = gateOf(world);
  if (!product?.open || !isWhole(product)) return "L1: the gate stays closed";
  if (product.pending !== 0 || product.records.size > 0) return `L1: ${product.pending} units are in flight for ever`;
  if (product.applied !== world.books.stock.seq) return "L1: the gate stays behind the books";
  if (product.sale?.version !== world.books.sale?.version) return "L1: the gate stays behind the terms of the sale";
  if (product.sellable !== available(world.books))
    return `L1: ${product.sellable} to sell of ${available(world.books)}`;
  for (const { orderId, answer } of world.attempts) {
    const status = world.books.orders.get(orderId)?.status;
    const isAtRest = status === "confirmed" || status === "released" || (status === "reserved" && !world.endings);
    if (answer === "accepted" && !isAtRest) {
      return `L2: the buyer of ${orderId} was told 202, the order is ${status ?? "nowhere"}`;
    }
  }
  return undefined;
}
