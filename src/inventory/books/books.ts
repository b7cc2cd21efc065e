/**
 * Creates the room of the books: PostgreSQL decides every reservation once, for good. Its changes reach the gate from
 * here, after the commit; the caller passes nothing on.
 */
import { randomUUID } from "node:crypto";
import type { Sql, Tx } from "#engines/sql";
import { directOrdersAllowed, type ModeFollower } from "../agreement/mode.ts";
import { stockOf } from "../agreement/reconcile.ts";
import type { Relay } from "../agreement/relay.ts";
import { type Gate, noneWhileAway, type Offer, type StreamRow } from "../gate/gate.ts";
import type { Claim, Decided } from "./decide.ts";
import { type DirectAnswer, type DirectClaim, recordDirectClaims } from "./direct-claims.ts";
import { type EarlierOrders, readEarlierOrders } from "./earlier-orders.ts";
import { type EntryAnswer, enterStock, type StockEntry } from "./entries.ts";
import { type DecidedReservation, readFates } from "./fates.ts";
import { readCounts } from "./figures.ts";
import { type ClaimOptions, recordClaims, recordVoids } from "./ledger.ts";
import { type EndedClaim, type Outcome, queueOutcomes, readReturn } from "./outcomes.ts";
import type { Products } from "./products.ts";

export type Books = {
  /**
   * Decides reservations in the caller's transaction; returns results in the order of the claims. If all are expected to be
   * new, the books are not read first. @throws an error that `isInBooks` knows, if one of these is not: ask again in another
   * transaction.
   */
  claim(tx: Tx, claims: readonly Claim[], options?: ClaimOptions): Promise<Decided[]>;
  /** As `claim`, for orders placed without the gate; null if the mode does not allow them (any more). */
  claimDirect(tx: Tx, claims: readonly DirectClaim[]): Promise<DirectAnswer[] | null>;
  /** Decides reservations void; those that are decided already stay so. */
  voidReservations(claims: readonly Omit<Claim, "intent">[]): Promise<Decided[]>;
  /** Queues the end of a claim in the caller's transaction; it is counted soon after the commit. */
  queueOutcomes(tx: Tx, claims: readonly EndedClaim[], outcome: Outcome): void;
  ledger: Ledger;
  /**
   * Brings stock in or takes it out, once for each reference; without one each call counts. New units are on sale when
   * this resolves, if the gate answers.
   */
  enter(entry: Entry): Promise<EntryAnswer>;
  /** null if inventory does not know the product. */
  stock(productId: string): Promise<StockFigures | null>;
  products: Products;
};

/** The decided reservations. */
export type Ledger = {
  /** The fates of the orders' reservations, oldest first. */
  fatesOf(orderIds: readonly string[]): Promise<DecidedReservation[]>;
  /** Whether the units of a claim that was released are for sale again: here, and also at the gate if that is on. */
  areBack(claim: Pick<EndedClaim, "productId" | "epoch" | "reservationNo">): Promise<boolean>;
  /** The orders of the product, of epochs before this one of its gate; undefined if there are more than `atMost`. */
  earlierOrders(productId: string, range: { beforeEpoch: number; atMost: number }): Promise<EarlierOrders | undefined>;
};

export type Entry = Omit<StockEntry, "ref"> & { ref?: string | undefined };

export type StockFigures = {
  productId: string;
  onHand: number;
  held: number;
  sold: number;
  available: number;
  /** Units that the gate may still sell; null while it is closed. */
  gate: number | null;
  /** At which price the gate sells; null if it does not have the product, or is away. */
  gatePrice: { price: number; currency: string; version: number } | null;
};

export type BooksOptions = {
  sql: Sql;
  gate: Gate;
  mode: ModeFollower;
  relay: Relay;
  products: Products;
  /** Outcomes are queued and committed, so they may be counted. */
  onOutcomes(): void;
  now(): number;
  onFault(what: string, error: unknown): void;
};

export function createBooks(options: BooksOptions): Books {
  const { sql, gate, mode, relay, products, onOutcomes, now, onFault } = options;

  /** The hint may be lost: the relay's next look finds the rows. */
  function tellOnceCommitted<Answer>(tx: Tx, { decided, rows }: { decided: Answer[]; rows: StreamRow[] }): Answer[] {
    tx.afterCommit(() => void relay.apply(rows).catch((error) => onFault("relay", error)));
    return decided;
  }

  return {
    claim: async (tx, claims, options) => tellOnceCommitted(tx, await recordClaims(tx, claims, options)),

    async claimDirect(tx, claims) {
      return (await directOrdersAllowed(tx)) ? tellOnceCommitted(tx, await recordDirectClaims(tx, claims)) : null;
    },

    voidReservations: (claims) => sql.transaction(async (tx) => tellOnceCommitted(tx, await recordVoids(tx, claims))),

    queueOutcomes(tx, claims, outcome) {
      queueOutcomes(tx, claims, outcome);
      tx.afterCommit(onOutcomes);
    },

    ledger: {
      fatesOf: (orderIds) => readFates(sql, orderIds),
      async areBack(claim) {
        const seq = await readReturn(sql, claim);
        if (seq === undefined || (await mode.known()) !== "gatekeeper") return seq !== undefined;
        const [snapshot] = await gate.snapshot([claim.productId]);
        return snapshot !== undefined && snapshot.applied >= seq;
      },
      earlierOrders: (productId, range) => readEarlierOrders(sql, productId, range),
    },

    async enter({ ref = randomUUID(), ...entry }) {
      const found = await products.find(entry.productId);
      if (found !== "known") return { ok: false, reason: found };
      const answer = await enterStock({ sql, gate, now }, { ...entry, ref });
      if (!answer.ok) return answer;
      // The entry is committed, whether the gate gets it now or later.
      const tell = (await mode.known()) === "gatekeeper" ? relay.bring : relay.apply;
      await tell(answer.rows).catch((error) => onFault("relay", error));
      return { ok: true, repeated: answer.repeated };
    },

    async stock(productId) {
      const [snapshot] = await gate.snapshot([productId]).catch(noneWhileAway);
      const counts = await readCounts(sql, productId);
      if (!counts) return null;
      return {
        productId,
        ...stockOf(counts),
        gate: snapshot?.open ? snapshot.sellable : null,
        gatePrice: snapshot?.offer ? priceOf(snapshot.offer) : null,
      };
    },

    products,
  };
}

function priceOf({ unitPriceMinor, currency, version }: Offer): StockFigures["gatePrice"] {
  return { price: unitPriceMinor, currency, version };
}
