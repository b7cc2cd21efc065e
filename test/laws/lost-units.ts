/**
 * The books add up: committed = claimed - released, sold = counted as sold, brought in = the sum of the entries (I2);
 * the stream has a row for each change, and its last row has the available units (I9).
 */
import type { Evidence } from "./evidence.ts";
import { type Breach, law, sum } from "./law.ts";

export const lostUnits = law({
  name: "lost units",
  says: "what came in, was claimed, came back and was sold adds up to what the books have",
  about: "units",
  holds: "always",
  reads: ["stock", "entries", "stream", "decisions", "outcomes"],
  breaches: (evidence) => evidence.stock.flatMap((row) => faultsOf(row, evidence)),
});

type Books = Pick<Evidence, "entries" | "stream" | "decisions" | "outcomes">;

function faultsOf(row: Evidence["stock"][number], { entries, stream, decisions, outcomes }: Books): Breach[] {
  const { productId, totalIn, committed, sold, seq } = row;
  const units = <T extends { productId: string; quantity: number }>(of: readonly T[], fits: (one: T) => boolean) =>
    sum(of, (one) => (one.productId === productId && fits(one) ? one.quantity : 0));
  const claimed = units(decisions, ({ fate }) => fate === "claimed");
  const released = units(outcomes, ({ outcome }) => outcome === "released");
  const rows = stream.filter((one) => one.productId === productId);
  const last = rows.find((one) => one.seq === seq);
  const faults: [string, number][] = [
    ["brought in", totalIn - units(entries, () => true)],
    ["committed", committed - (claimed - released)],
    ["sold", sold - units(outcomes, ({ outcome }) => outcome === "sold")],
    ["rows of the stream", seq - rows.length],
    ["available by the stream", last ? last.availableAfter - (totalIn - committed) : 0],
  ];
  return faults
    .filter(([, off]) => off !== 0)
    .map(([what, off]) => ({ count: Math.abs(off), shows: `${productId}: ${what} is off by ${off}` }));
}
