/**
 * Draws the order of a line. Before the opening the roster is frozen, and its root is published with the round of the
 * beacon that will decide; when that round has come, it orders the places. Each step is one transaction with the line's
 * row locked, so of several processes one takes it, and a killed one leaves nothing behind. See docs/guide/fair.md.
 */
import { freezeMsOf } from "#drops";
import type { Beacons, Chain } from "#engines/beacon";
import type { Sql } from "#engines/sql";
import {
  bytesOf,
  decidingRound,
  fallbackAfterMs,
  placesOf,
  promisedRoundOf,
  quicknet,
  seedOf,
  timeOfRound,
} from "#fairness";
import { crashPoint } from "#platform/crash-points";
import {
  type DrawRow,
  insertHead,
  lockDraw,
  noteArrival,
  noteDraw,
  noteFreeze,
  readDraw,
  readHeads,
} from "./draw-rows.ts";
import type { LineDrop } from "./line-drop.ts";
import { queueLineEvent } from "./outbox.ts";
import { readTickets, sha256, type Trees } from "./roster.ts";

export type DrawOptions = {
  sql: Sql;
  beacons: Beacons;
  trees: Trees;
  now(): number;
  /** An event is queued. */
  onQueued(): void;
};

export type Fallback =
  | { ok: true }
  | { ok: false; reason: "no_draw" | "already_drawn" }
  /** The beacon may still come: it may be given up from then on. */
  | { ok: false; reason: "too_early"; fromMs: number };

export type Draws = {
  /** Takes the steps that are due. */
  goOn(drop: LineDrop): Promise<void>;
  /** Ends the wait for a beacon that does not answer: the places are in order of arrival. */
  endWait(drop: LineDrop, reason: string): Promise<Fallback>;
  chainOf(drop: LineDrop): Promise<Chain>;
};

/** The round that is named with the drop: its value comes ten seconds before the opening. */
export function promisedRoundFor({ opensAt, beacon }: Pick<LineDrop, "opensAt" | "beacon">, beacons: Beacons): number {
  return promisedRoundOf(beacon === "own" ? beacons.own.times : quicknet, opensAt.getTime());
}

export function createDraws({ sql, beacons, trees, now, onQueued }: DrawOptions): Draws {
  /** Of drand the chain is known without its servers. */
  async function chainOf({ beacon }: LineDrop): Promise<Chain> {
    return beacon === "own" ? beacons.own.chain() : quicknet;
  }

  async function freeze(drop: LineDrop): Promise<void> {
    const chain = await chainOf(drop);
    const { dropId } = drop;
    await sql.transaction(async (tx) => {
      const line = await lockDraw(tx, dropId);
      if (!line || line.frozenAt !== null || line.lastSeq === 0) return;
      const at = new Date(now());
      const promisedRound = promisedRoundOf(chain, drop.opensAt.getTime());
      const round = decidingRound(chain, { promisedRound, atMs: at.getTime() });
      const tree = await trees.of(tx, dropId, line.lastSeq);
      const root = Buffer.from(tree.root(line.lastSeq));
      await noteFreeze(tx, dropId, { size: line.lastSeq, root, at, chain, promisedRound, round });
      await insertHead(tx, dropId, { size: line.lastSeq, root, at });
      await queueLineEvent(tx, drop, "frozen", { frozenSize: line.lastSeq, root, round, orderKind: null }, at);
    });
    await crashPoint("room.frozen");
    onQueued();
  }

  /** Nothing but the round that the root names is ever taken, however late it comes. */
  async function draw(drop: LineDrop, { chain, round }: { chain: Chain; round: number }): Promise<void> {
    const beacon = beacons[drop.beacon];
    if (!beacon) throw new Error("it waits for drand, and BEACON_URLS names no server of it");
    const { hash } = await beacon.chain();
    if (hash !== chain.hash) throw new Error(`it waits for the beacon ${chain.hash}, and the settings name ${hash}`);
    const value = await beacon.read(round);
    if (!value) return;
    const { dropId } = drop;
    await sql.transaction(async (tx) => {
      const line = await lockDraw(tx, dropId);
      if (!line?.root || line.orderKind !== null || line.frozenSize === null) return;
      const seed = seedOf(sha256, { dropId, root: line.root, randomness: bytesOf(value.randomness) });
      const ranks = placesOf(sha256, seed, await readTickets(tx, dropId, 0, line.frozenSize));
      const at = new Date(now());
      await noteDraw(tx, dropId, { seed: Buffer.from(seed), signature: value.signature, at, ranks });
      await queueLineEvent(tx, drop, "drawn", { ...line, orderKind: "drawn" }, at);
    });
    await crashPoint("room.drawn");
    onQueued();
  }

  /** While the roster grows, its newest state is signed each second, so that no place can be taken out later. */
  async function keepHead({ dropId }: LineDrop, { lastSeq, frozenAt }: DrawRow): Promise<void> {
    const [newest] = await readHeads(sql, dropId, 1);
    if (lastSeq === 0 || newest?.size === lastSeq) return;
    const tree = await trees.of(sql, dropId, lastSeq);
    // Of a roster that another process froze by a clock that is ahead, no head is of before the freeze.
    const at = new Date(Math.max(now(), frozenAt?.getTime() ?? 0));
    await insertHead(sql, dropId, { size: lastSeq, root: Buffer.from(tree.root(lastSeq)), at });
  }

  return {
    chainOf,

    async goOn(drop) {
      // By the time at which the drop was read: its opening may move meanwhile.
      const nowMs = now();
      const line = await readDraw(sql, drop.dropId);
      if (!line || line.mode === "offers" || drop.entry === "open") return;
      if (line.frozenAt === null && freezeMsOf(drop) <= nowMs) await freeze(drop);
      else await keepHead(drop, line);
      const { chain, round, orderKind } = line;
      if (!chain || round === null || orderKind !== null || timeOfRound(chain, round) > nowMs) return;
      await draw(drop, { chain, round });
    },

    async endWait(drop, reason) {
      const { dropId } = drop;
      const ended = await sql.transaction(async (tx): Promise<Fallback> => {
        const line = await lockDraw(tx, dropId);
        if (!line?.chain || line.round === null) return { ok: false, reason: "no_draw" };
        if (line.orderKind !== null) return { ok: false, reason: "already_drawn" };
        const fromMs = timeOfRound(line.chain, line.round) + fallbackAfterMs;
        if (now() < fromMs) return { ok: false, reason: "too_early", fromMs };
        const at = new Date(now());
        await noteArrival(tx, dropId, reason, at);
        await queueLineEvent(tx, drop, "drawn", { ...line, orderKind: "arrival" }, at);
        return { ok: true };
      });
      if (ended.ok) onQueued();
      return ended;
    },
  };
}
