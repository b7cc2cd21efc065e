/** What keeps gate and books together while the system runs: each turn may be lost, the next one makes up for it. */
import type { Sql } from "#engines/sql";
import { elapsedMs } from "#platform/clock";
import { type Loop, type LoopOptions, startLoop } from "#platform/loop";
import { type Gate, GateUnavailable } from "./gate/gate.ts";
import type { ModeFollower } from "./mode.ts";
import { countOutcomes } from "./outcomes.ts";
import { type OrderBooks, rebuild } from "./rebuild.ts";
import type { Relay } from "./relay.ts";
import { type OnRepaired, reasonsToRebuild } from "./repairs.ts";
import { createSweeper } from "./sweeper.ts";

export type UpkeepOptions = {
  sql: Sql;
  gate: Gate;
  relay: Relay;
  mode: ModeFollower;
  orderBooks: OrderBooks;
  /** Products that somebody found closed, unknown or in disagreement. */
  suspects: Set<string>;
  /** One rebuild at a time in this process. */
  alone<T>(work: () => Promise<T>): Promise<T>;
  now(): number;
  onFault(what: string, error: unknown): void;
  onRepaired: OnRepaired;
};

export type Upkeep = { outcomesWaiting(): void; suspected(): void; stop(): Promise<void> };

const relayEveryMs = 50;
const outcomesEveryMs = 100;
const outcomesAtOnce = 500;
const sweepEveryMs = 1_000;
/** A gate that lost its memory while nobody orders is found by looking at a few products, in turn. */
const lookEveryMs = 1_000;
const productsALook = 5;
/** One product that disagrees by itself. Measured: 30 ms of the processor for a thousand products. */
const seeAllEveryMs = 5_000;

export function startUpkeep(options: UpkeepOptions): Upkeep {
  const { sql, gate, relay, mode, orderBooks, suspects, alone, now, onFault, onRepaired } = options;
  /** While the gate is away each loop says so once. */
  function loop(what: string, everyMs: number, work: LoopOptions["work"]): Loop {
    let away = false;
    return startLoop({
      everyMs,
      async work() {
        const more = await work();
        away = false;
        return more;
      },
      onFault(error) {
        const known = away && error instanceof GateUnavailable;
        away = error instanceof GateUnavailable;
        if (!known) onFault(what, error);
      },
    });
  }

  const sweep = createSweeper({ sql, gate, relay, orderBooks, onRepaired });
  const outcomes = loop("outcomes", outcomesEveryMs, async () => {
    const { counted, rows } = await countOutcomes(sql, outcomesAtOnce);
    await relay.apply(rows);
    return counted === outcomesAtOnce;
  });
  const nextProducts = createRound(sql);
  let sawAllAtMs = Number.NEGATIVE_INFINITY;
  const repair = loop("repair", lookEveryMs, async () => {
    const named = [...suspects];
    suspects.clear();
    if (mode.current() !== "gatekeeper") return;
    const some = elapsedMs() - sawAllAtMs < seeAllEveryMs ? [...named, ...(await nextProducts())] : null;
    let wrong = await productsToRebuild(sql, gate, some);
    // What took one of them from the gate, a restart or a FLUSHALL, took them all.
    if (some && wrong.length > 0) wrong = await productsToRebuild(sql, gate, null);
    if (!some || wrong.length > 0) sawAllAtMs = elapsedMs();
    if (wrong.length === 0) return;
    await alone(async () => {
      // Somebody may have been at it when we looked.
      const still = await productsToRebuild(sql, gate, wrong);
      if (still.length === 0) return;
      const found = await reasonsToRebuild({ sql, gate }, still);
      await rebuild({ sql, gate, orderBooks }, still);
      if (found.length > 0) onRepaired(found);
    });
  });
  const others = [loop("relay", relayEveryMs, () => relay.sweep()), loop("sweep", sweepEveryMs, () => sweep(now()))];
  return {
    outcomesWaiting: outcomes.nudge,
    suspected: repair.nudge,
    async stop() {
      await Promise.all([outcomes, repair, ...others].map((one) => one.stop()));
    },
  };
}

/** Answers the next few products, in turn. */
function createRound(sql: Sql): () => Promise<string[]> {
  let last = "";
  return async () => {
    const rows = await sql.query<{ id: string }>(
      "select product_id as id from inventory.stock where product_id > $1 order by product_id limit $2",
      [last, productsALook],
    );
    last = rows.length < productsALook ? "" : (rows.at(-1)?.id ?? "");
    return rows.map((row) => row.id);
  };
}

/** Products whose gate is missing, closed, of another epoch, ahead of the books, or in disagreement with them. */
export async function productsToRebuild(sql: Sql, gate: Gate, productIds: string[] | null): Promise<string[]> {
  const snapshots = await gate.snapshot(productIds ?? undefined);
  const loaded = new Map(snapshots.map((snapshot) => [snapshot.productId, snapshot]));
  const books = await sql.query<{ productId: string; epoch: number; seq: number; availableAfter: number | null }>(
    `select s.product_id as "productId", s.epoch, s.seq,
            case when a.seq = 0 then 0 else r.available_after end as "availableAfter"
       from inventory.stock s
       left join unnest($2::text[], $3::bigint[]) as a (product_id, seq) using (product_id)
       left join inventory.stock_stream r on r.product_id = s.product_id and r.seq = a.seq
      where $1::text[] is null or s.product_id = any($1::text[])`,
    [productIds, [...loaded.keys()], snapshots.map((snapshot) => snapshot.applied)],
  );
  return books.flatMap(({ productId, epoch, seq, availableAfter }) => {
    const gateHas = loaded.get(productId);
    const agrees =
      gateHas?.open &&
      gateHas.epoch === epoch &&
      gateHas.applied <= seq &&
      gateHas.sellable + gateHas.pending === availableAfter;
    return agrees ? [] : [productId];
  });
}
