/**
 * At every instant an open gate has exactly what the books had after the row that it applied last, in units to sell and
 * units in flight (I3); the units in flight are those of its undecided records (I4); and it is neither ahead of the books
 * nor in another epoch (I9).
 */
import type { Evidence, GateReading } from "./evidence.ts";
import { law, sum } from "./law.ts";

export const gateOutOfStep = law({
  name: "gate out of step",
  says: "an open gate has what the books had after the row that it applied last",
  about: "units",
  holds: "always",
  reads: ["gate", "gateIsLeft", "stock", "stream"],
  breaches: ({ gate, ...books }) =>
    gate.flatMap((reading) => {
      const says = faultOf(reading, books);
      return says ? [{ count: 1, shows: `${reading.productId}: ${says}` }] : [];
    }),
});

function faultOf(
  { productId, isOpen, sellable, pending, records, epoch, applied }: GateReading,
  { gateIsLeft, stock, stream }: Pick<Evidence, "gateIsLeft" | "stock" | "stream">,
): string | undefined {
  const undecided = records && sum(records, (record) => (record.isUndecided ? record.quantity : 0));
  if (undecided !== undefined && pending !== undecided) return `${pending} in flight, ${undecided} in records`;
  if (!isOpen) return undefined;
  if (sellable < 0 && !gateIsLeft) return `${sellable} to sell`;
  const row = stock.find((one) => one.productId === productId);
  if (!row || applied === undefined) return undefined;
  if (applied > row.seq) return `the gate applied row ${applied} of ${row.seq}`;
  if (epoch !== row.epoch) return `the gate sells in epoch ${epoch}, the books are at ${row.epoch}`;
  const had = applied === 0 ? 0 : stream.find((one) => one.productId === productId && one.seq === applied);
  const should = typeof had === "object" ? had.availableAfter : had;
  const has = sellable + pending;
  return has === should ? undefined : `the gate has ${has}, the books had ${should} after row ${applied}`;
}
