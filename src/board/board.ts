/**
 * The live board: what the shop sells at this moment, read from the faces of orders, drops and inventory. It is read once a
 * second while an operator looks, and not at all otherwise.
 */
import { type Drop, type Drops, phaseOf } from "#drops";
import type { Inventory } from "#inventory";
import type { Orders } from "#orders";
import { elapsedMs } from "#platform/clock";
import { goOn, within } from "#platform/deadline";
import { sinceSeen, sumOf } from "./sums.ts";
import type { BoardView } from "./wire.ts";

export type Board = {
  /** At most a second old. */
  read(): Promise<BoardView>;
};

export type BoardOptions = {
  orders: Pick<Orders, "pulse" | "lag">;
  drops: Pick<Drops, "list" | "units">;
  inventory: Pick<Inventory, "agreement">;
  now(): number;
  onFault(what: string, error: unknown): void;
};

/** Shorter than the pause between two looks of a stream, so that each of them is another one. */
const keptMs = 900;
/** A part that takes longer keeps its former value, so that the other parts stay live. */
const partWithinMs = 2_000;

type Parts = Omit<BoardView, "serverNow">;

export function createBoard({ orders, drops, inventory, now, onFault }: BoardOptions): Board {
  let known: Parts = {
    orders: { at: null, ...sumOf([]) },
    lag: { at: null, records: 0 },
    mode: { at: null, mode: null, ready: false },
    drops: { at: null, live: [], next: null },
  };
  /** The latest beat of each process that was shown. */
  let seen = new Map<string, number>();
  let kept: { atMs: number; view: Promise<BoardView> } | undefined;
  /** These parts are not asked again meanwhile: each question may keep a connection of the shop busy. */
  const underWay = new Set<keyof Parts>();

  const readers: { [Part in keyof Parts]: () => Promise<Omit<Parts[Part], "at">> } = {
    async orders() {
      const beats = await orders.pulse.read();
      const sum = sumOf(beats.map((beat) => sinceSeen(beat, seen.get(beat.process))));
      seen = new Map(beats.map(({ process, number }) => [process, number]));
      return sum;
    },
    lag: async () => ({ records: await orders.lag() }),
    async mode() {
      const { mode, ready } = await inventory.agreement.mode.read();
      return { mode, ready };
    },
    drops: readDrops,
  };

  async function readDrops(): Promise<Omit<Parts["drops"], "at">> {
    const nowMs = now();
    const scheduled = (await drops.list(false)).filter(
      ({ state, closesAt }) => state === "scheduled" && closesAt.getTime() > nowMs,
    );
    const isOpen = ({ opensAt }: Drop) => opensAt.getTime() <= nowMs;
    const open = scheduled.filter(isOpen);
    const units = await drops.units(open);
    const [next] = scheduled
      .filter((drop) => !isOpen(drop))
      .toSorted((a, b) => a.opensAt.getTime() - b.opensAt.getTime());
    return {
      live: open.map((drop) => {
        const { dropId, name, paused, opensAt, closesAt, products } = drop;
        const each = products.map(({ productId }) => units.get(productId) ?? { sold: 0, held: 0, free: 0 });
        const sum = (kind: "sold" | "held" | "free") => each.reduce((total, one) => total + one[kind], 0);
        return {
          dropId,
          name,
          paused,
          phase: phaseOf(drop, each, nowMs),
          opensAt: opensAt.toISOString(),
          closesAt: closesAt.toISOString(),
          sold: sum("sold"),
          held: sum("held"),
          free: sum("free"),
        };
      }),
      next: next ? { dropId: next.dropId, name: next.name, opensAt: next.opensAt.toISOString() } : null,
    };
  }

  async function readPart<Part extends keyof Parts>(part: Part): Promise<void> {
    if (underWay.has(part)) return;
    underWay.add(part);
    const at = new Date(now()).toISOString();
    try {
      const reading = readers[part]().finally(() => underWay.delete(part));
      const value = await within(partWithinMs, reading, goOn);
      if (!value) throw new Error(`it was not read within ${partWithinMs} ms`);
      known = { ...known, [part]: { at, ...value } };
    } catch (error) {
      onFault(`the board's ${part}`, error);
    }
  }

  async function readAll(): Promise<BoardView> {
    await Promise.all((Object.keys(readers) as (keyof Parts)[]).map(readPart));
    return { serverNow: new Date(now()).toISOString(), ...known };
  }

  return {
    read() {
      const nowMs = elapsedMs();
      if (!kept || nowMs - kept.atMs > keptMs) kept = { atMs: nowMs, view: readAll() };
      return kept.view;
    },
  };
}
