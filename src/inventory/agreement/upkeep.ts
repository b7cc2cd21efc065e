/** Keeps gate and books in agreement while the system runs: each turn may be lost, and the next one makes up for it. */
import { hasWaitedForLock, type Sql } from "#engines/sql";
import { type Loop, type LoopOptions, startLoop } from "#platform/loop";
import { countOutcomes } from "../books/outcomes.ts";
import { type Gate, GateUnavailable } from "../gate/gate.ts";
import { compareProducts, productsAfter } from "./compare.ts";
import type { ModeFollower } from "./mode.ts";
import type { Settlement } from "./rebuild.ts";
import type { Relay } from "./relay.ts";
import type { OnRepaired } from "./repairs.ts";
import { rebuildSuspects } from "./suspects.ts";
import { createSweeper } from "./sweeper.ts";
import { tellTerms } from "./tell-terms.ts";

export type UpkeepOptions = {
  sql: Sql;
  gate: Gate;
  mode: ModeFollower;
  now(): number;
  onFault(what: string, error: unknown): void;
  onRepaired: OnRepaired;
};

/** In a process without upkeep a hint does nothing: the process that runs it finds the work by its own checks. */
export type Upkeep = {
  /** A hint: the product was found closed, unknown or different from the books. */
  suspect(productId: string): void;
  /** A hint: outcomes are queued. */
  outcomesWaiting(): void;
  start(deps: UpkeepDeps): { stop(): Promise<void> };
};

export type UpkeepDeps = {
  relay: Relay;
  settlement: Settlement;
  /** One rebuild at a time in this process. */
  alone<T>(work: () => Promise<T>): Promise<T>;
};

const relayEveryMs = 50;
/** While the gate has the latest change of every product. */
const relayRestMs = 500;
const outcomesEveryMs = 100;
/** While none wait: this process is nudged, and the units of another one's orders are on sale again within this time. */
const outcomesRestMs = 1_000;
const outcomesAtOnce = 500;
const sweepEveryMs = 1_000;
/**
 * Without orders, a fault is found by comparing all products in turn. A page costs about 3 ms of CPU, so the cost does
 * not grow with the number of products; a round of 5,000 takes 50 s.
 */
const lookEveryMs = 1_000;
const productsALook = 100;
/** After a round that found all well: the gate may lose something although nothing is written. */
const compareStillMs = 4_000;

/** The comparison of all products in turn finds suspects that are left out. */
const suspectsAtMost = 1_000;

export function createUpkeep(options: UpkeepOptions): Upkeep {
  const suspects = new Set<string>();
  let loops: ReturnType<typeof startLoops> | undefined;
  return {
    suspect(productId) {
      // While the gate's memory is lost every product is closed, including invented ones.
      if (!loops || suspects.size >= suspectsAtMost) return;
      suspects.add(productId);
      loops.repair.nudge();
    },
    outcomesWaiting: () => loops?.outcomes.nudge(),
    start(deps) {
      const running = startLoops({ ...options, ...deps, suspects });
      loops = running;
      return {
        async stop() {
          await Promise.all(Object.values(running).map((one) => one.stop()));
        },
      };
    },
  };
}

function startLoops(options: UpkeepOptions & UpkeepDeps & { suspects: Set<string> }) {
  const { sql, gate, relay, mode, settlement, suspects, alone, now, onFault, onRepaired } = options;
  /** While the gate does not answer each loop logs it once. */
  function loop(what: string, options: Pick<LoopOptions, "everyMs" | "restMs" | "mark" | "stillMs" | "work">): Loop {
    const { work } = options;
    let away = false;
    return startLoop({
      ...options,
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

  const sweep = createSweeper({ sql, gate, relay, settlement, onRepaired, onFault });
  async function countSome(locked?: "leave out"): Promise<number> {
    const { counted, rows } = await countOutcomes(sql, outcomesAtOnce, locked);
    await relay.apply(rows);
    return counted;
  }
  async function count(): Promise<boolean | undefined> {
    let counted = 0;
    try {
      counted = await countSome();
    } catch (error) {
      if (!hasWaitedForLock(error)) throw error;
      // Not at first: a product that sells is locked at most moments, and its units are to come back all the same.
      while ((await countSome("leave out")) === outcomesAtOnce);
      throw error;
    }
    return counted === 0 ? false : counted === outcomesAtOnce || undefined;
  }
  const mark = sql.still?.mark;
  const outcomes = loop("outcomes", { everyMs: outcomesEveryMs, restMs: outcomesRestMs, mark, work: count });
  async function look(): Promise<false | undefined> {
    const lacking = await relay.sweep();
    return lacking === 0 && relay.behind === 0 ? false : undefined;
  }
  let last = "";
  async function compare(): Promise<boolean | undefined> {
    const named = [...suspects];
    suspects.clear();
    if ((await mode.known()) !== "gatekeeper") return false;
    const page = await productsAfter(sql, last, productsALook);
    last = page.length < productsALook ? "" : (page.at(-1) ?? "");
    const { wrong, behind, untold } = await compareProducts(sql, gate, [...new Set([...named, ...page])]);
    for (const productId of behind) await relay.catchUp(productId);
    await tellTerms({ sql, gate }, untold);
    if (wrong.length > 0) {
      await alone(() => rebuildSuspects({ sql, gate, relay, settlement, onRepaired }, wrong));
    }
    // The loss that took some of them, a restart or a FLUSHALL, took them all, so the next page follows at once.
    if (wrong.length > 0 && last !== "") return true;
    return wrong.length + behind.length + untold.length === 0 && last === "" ? false : undefined;
  }
  const repair = loop("repair", { everyMs: lookEveryMs, mark, stillMs: compareStillMs, work: compare });
  return {
    outcomes,
    repair,
    relay: loop("relay", { everyMs: relayEveryMs, restMs: relayRestMs, mark, work: look }),
    sweep: loop("sweep", { everyMs: sweepEveryMs, work: () => sweep(now()) }),
  };
}
