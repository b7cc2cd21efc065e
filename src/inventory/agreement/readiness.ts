/** Tells whether the next order would be accepted, as far as stock and gate are concerned. */
import { type EventLog, lagOf } from "#engines/log";
import type { Sql } from "#engines/sql";
import { readOffers } from "../books/offers.ts";
import type { News } from "../books/products.ts";
import type { Gate } from "../gate/gate.ts";
import { productPages, productsAfter } from "./compare.ts";
import { type GateMode, type ModeFollower, readMode } from "./mode.ts";

export type ReadinessOptions = {
  sql: Sql;
  gate: Gate;
  log: EventLog;
  mode: ModeFollower;
  news: News;
};

export type Readiness = {
  /** Does at the gate what an order does, in the present mode. @throws the reason why an order would fail. */
  couldTake(): Promise<{ mode: GateMode; ready: boolean }>;
  /**
   * The products that the books sell and the gate does not have yet, or not at the latest price; and unread product
   * events.
   */
  notYetOnSale(): Promise<string[]>;
};

const productsAtOnce = 500;
/** More than one: in a cluster some of them are on another node than one that is away. */
const probed = 20;

export function createReadiness(options: ReadinessOptions): Readiness {
  const { sql, gate, log, mode, news } = options;

  async function probeGate(): Promise<void> {
    const loaded = await gate.probe();
    const some = await productsAfter(sql, "", probed);
    if (some.length === 0) return;
    if (loaded === "empty" || (await gate.snapshot(some)).length === 0) {
      throw new Error("the gate has lost its memory and is being loaded from the books");
    }
  }

  async function waitingIn(page: readonly string[]): Promise<string[]> {
    const [snapshots, offers] = await Promise.all([gate.snapshot(page), readOffers(sql, page)]);
    const gateHas = new Map(snapshots.map((snapshot) => [snapshot.productId, snapshot]));
    return page.filter((productId) => {
      const { open = false, offer } = gateHas.get(productId) ?? {};
      return !open || (offer?.version ?? 0) < (offers.get(productId)?.version ?? 0);
    });
  }

  return {
    async couldTake() {
      const { mode, ready } = await readMode(sql);
      if (!ready) throw new Error(`the switch to ${mode} is under way: orders are refused until it is done`);
      if (mode === "gatekeeper") await probeGate();
      return { mode, ready };
    },

    async notYetOnSale() {
      const ends = await log.endOffsets(news.topic);
      const unread = lagOf(ends, await log.committedOffsets(news.group, news.topic));
      if (unread > 0) return [`${unread} news of products`];
      const waiting: string[] = [];
      if ((await mode.known()) !== "gatekeeper") return waiting;
      for await (const page of productPages(sql, productsAtOnce)) waiting.push(...(await waitingIn(page)));
      return waiting;
    },
  };
}
