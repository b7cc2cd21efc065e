/**
 * The line of a drop: people get places, are called while a unit may be left for them, and get passes, each the key of one
 * order. After the drop is sold out the same line gets the units that come back. All state is in PostgreSQL.
 */

import { type Drops, freezeMsOf } from "#drops";
import type { Beacons, Chain } from "#engines/beacon";
import type { EventLog } from "#engines/log";
import { createOutbox, type Outbox } from "#engines/outbox";
import type { Sql } from "#engines/sql";
import type { Inventory } from "#inventory";
import type { Orders } from "#orders";
import { startLoop } from "#platform/loop";
import { type Claimed, createClaims } from "./claims.ts";
import { createDraws, type Fallback, promisedRoundFor } from "./draw.ts";
import { createExchange, type Exchanged } from "./exchange.ts";
import { freeUnits } from "./free.ts";
import { startIntake } from "./intake.ts";
import { type LineDrop, lineProductsOf, modeOf, roomPhaseOf, takesPlaces } from "./line-drop.ts";
import { endLine } from "./line-end.ts";
import { createLoad } from "./load.ts";
import { type LineFigures, readLines } from "./metrics.ts";
import { createOfferMails, type OfferMailsOptions } from "./offer-mails.ts";
import { roomOutbox } from "./outbox.ts";
import { spendPasses } from "./pass-rows.ts";
import { createPlaces, type Place } from "./places.ts";
import { createPublished, type Published, type Signing } from "./published.ts";
import { readRoom, readRunning } from "./room-rows.ts";
import { createTrees } from "./roster.ts";
import { createState, type StateOf } from "./state.ts";
import { createTurn } from "./turn.ts";

export { promisedRoundFor } from "./draw.ts";
export { measureRooms } from "./metrics.ts";
export type { PassRow } from "./pass-rows.ts";
export type { Place } from "./places.ts";

export const roomSchema = { schema: "room", folder: new URL("./migrations/", import.meta.url) };

export type Joined =
  | { ok: true; place: Place }
  | { ok: false; reason: "drop_not_found" | "room_closed" | "email_not_verified" }
  | { ok: false; reason: "work_required"; bits: number };

export type Asked = Claimed | { ok: false; reason: "drop_not_found" | "room_closed" | "product_not_in_drop" };

export type ExchangeAnswer = Exchanged | Exclude<Asked, Claimed>;

export type Room = {
  /** `workedAtMs`: when the challenge was issued that the person solved. */
  join(dropId: string, userId: string, workedAtMs: number | undefined): Promise<Joined>;
  placeOf(dropId: string, userId: string): Promise<Place | undefined>;
  /** Whether there was a place to leave. */
  leave(dropId: string, userId: string): Promise<boolean>;
  /** The public state in JSON. */
  stateOf: StateOf;
  askForPass(dropId: string, claim: { userId: string; productId: string; renew: boolean }): Promise<Asked>;
  /** The drop, if it is announced and its line is or will be drawn. */
  drawnDrop(dropId: string): Promise<LineDrop | "drop_not_found" | "no_draw">;
  published: Published;
  /** The beacon of the shop itself, or drand if the settings name it. */
  publicChain(): Promise<Chain>;
  /** Ends the wait for a beacon that does not answer: people are served in order of arrival. */
  endWait(dropId: string, reason: string): Promise<Fallback | { ok: false; reason: "drop_not_found" }>;
  /** Instead of the pass that the person has, one for another product. */
  exchangePass(
    dropId: string,
    exchange: { userId: string; passId: string; productId: string },
  ): Promise<ExchangeAnswer>;
  lines(): Promise<LineFigures[]>;
  /** Events that the log does not have yet. */
  outboxWaiting: Outbox["waiting"];
  start(): Promise<{ stop(): Promise<void> }>;
};

export type RoomOptions = {
  sql: Sql;
  log: EventLog;
  /** Of drops' events: a line's events are sent there too. */
  topic: string;
  ordersTopic: string;
  group: string;
  drops: Pick<Drops, "get" | "isUnchanged" | "units">;
  beacons: Beacons;
  signing: Signing;
  inventory: Pick<Inventory, "gate" | "books" | "agreement" | "retire">;
  orders: { pulse: Pick<Orders["pulse"], "read"> };
  orderIdOf(order: { userId: string; productId: string; key: string }): string;
  now(): number;
  onFault(what: string, error: unknown): void;
} & Pick<OfferMailsOptions, "mail" | "addresseeOf" | "publicUrl">;

const turnEveryMs = 1_000;

export function createRoom(options: RoomOptions): Room {
  const { sql, log, drops, inventory, orders, orderIdOf, addresseeOf, beacons, signing, now, onFault } = options;
  const freeOf = (productIds: readonly string[]) => freeUnits(inventory, productIds);
  const outbox = createOutbox({ ...roomOutbox, ...options, onFault: (error) => onFault("events of lines", error) });
  const places = createPlaces({ sql, now });
  const claims = createClaims({ sql, freeOf, orderIdOf, now });
  const exchange = createExchange({ sql, freeOf, orderIdOf, retire: inventory.retire, now });
  const turn = createTurn({ sql, freeOf, pulse: orders.pulse.read, now });
  const bitsOf = createLoad({ sql, now });
  const stateOf = createState({
    sql,
    dropOf,
    unitsOf,
    bitsOf,
    roundOf: (drop) => promisedRoundFor(drop, beacons),
    now,
  });
  const trees = createTrees();
  const { orderedUnits } = inventory.books.products;
  const draws = createDraws({ sql, beacons, trees, now, onQueued: () => outbox.nudge() });
  const published = createPublished({ sql, signing, trees, chainOf: draws.chainOf, orderedUnits, now });
  const sendMails = createOfferMails({ ...options, dropOf });

  async function dropOf(dropId: string): Promise<LineDrop | undefined> {
    const drop = await drops.get(dropId);
    return drop?.state === "draft" ? undefined : drop;
  }

  async function unitsOf(drop: LineDrop) {
    return drops.units([drop]);
  }

  const everyLine = (what: string, work: (dropId: string) => Promise<void>) => async () => {
    const running = await readRunning(sql);
    for (const dropId of running) await work(dropId).catch((error) => onFault(`${what} of drop ${dropId}`, error));
    return running.length > 0 && undefined;
  };

  async function drawOne(dropId: string): Promise<void> {
    const drop = await dropOf(dropId);
    if (drop?.state === "scheduled") await draws.goOn(drop);
  }

  async function turnOne(dropId: string): Promise<void> {
    const drop = await drops.get(dropId);
    const nowMs = now();
    if (drop?.state !== "scheduled" || drop.closesAt.getTime() <= nowMs) {
      // It may be prolonged in its last moment, and an ended line does not go on.
      if (drop && !(await drops.isUnchanged(drop))) return;
      await endLine({ sql, fatesOf: inventory.books.ledger.fatesOf }, dropId, new Date(nowMs));
      return;
    }
    if (drop.paused || nowMs < drop.opensAt.getTime()) return;
    const { offered } = await turn(drop);
    if (offered === 0) return;
    outbox.nudge();
    mails.nudge();
  }

  /** The line of a drop that is not over and sells this product by it. */
  async function sellingLine(dropId: string, productId: string) {
    const drop = await dropOf(dropId);
    if (!drop) return { ok: false, reason: "drop_not_found" } as const;
    const nowMs = now();
    const isOver = drop.state !== "scheduled" || drop.closesAt.getTime() <= nowMs;
    if (isOver) return { ok: false, reason: "room_closed" } as const;
    const productIds = lineProductsOf(drop);
    if (!productIds.includes(productId)) return { ok: false, reason: "product_not_in_drop" } as const;
    return { ok: true, dropId, productIds, isOpen: !drop.paused && nowMs >= drop.opensAt.getTime() } as const;
  }

  const mails = { nudge() {} };

  return {
    async join(dropId, userId, workedAtMs) {
      const drop = await dropOf(dropId);
      if (!drop) return { ok: false, reason: "drop_not_found" };
      const seen = drop.entry === "open" ? await readRoom(sql, dropId) : undefined;
      const takesNew = takesPlaces(drop, roomPhaseOf(drop, seen, now()));
      const known = takesNew && !drop.verifiedOnly && !drop.workToJoin ? undefined : await places.of(dropId, userId);
      if (known) return { ok: true, place: known };
      if (!takesNew) return { ok: false, reason: "room_closed" };
      const isVerified = !drop.verifiedOnly || (await addresseeOf(userId)) !== undefined;
      if (!isVerified) return { ok: false, reason: "email_not_verified" };
      const work = drop.workToJoin ? { workedAtMs } : undefined;
      const lacksWork = drop.workToJoin && workedAtMs === undefined;
      const place = lacksWork
        ? "work_spent"
        : await places.join({ dropId, userId, mode: modeOf(drop), freezesAtMs: freezeMsOf(drop), ...work });
      if (place === "work_spent") return { ok: false, reason: "work_required", bits: await bitsOf(dropId) };
      return place ? { ok: true, place } : { ok: false, reason: "room_closed" };
    },

    placeOf: places.of,
    leave: places.leave,
    stateOf,

    async askForPass(dropId, claim) {
      const line = await sellingLine(dropId, claim.productId);
      return line.ok ? claims.claim(line, claim) : line;
    },

    async exchangePass(dropId, wanted) {
      const line = await sellingLine(dropId, wanted.productId);
      return line.ok ? exchange({ dropId, productIds: line.productIds, ...wanted }) : line;
    },

    published,
    publicChain: async () => (beacons.drand ?? beacons.own).chain(),

    async drawnDrop(dropId) {
      const drop = await dropOf(dropId);
      if (!drop) return "drop_not_found";
      return drop.entry === "open" ? "no_draw" : drop;
    },

    async endWait(dropId, reason) {
      const drop = await dropOf(dropId);
      return drop ? draws.endWait(drop, reason) : { ok: false, reason: "drop_not_found" };
    },

    lines: () => readLines(sql),
    outboxWaiting: outbox.waiting,

    async start() {
      outbox.start();
      const intake = await startIntake({
        log,
        topic: options.ordersTopic,
        group: options.group,
        spend: (spent) => spendPasses(sql, spent, new Date(now())),
      });
      const loopOf = (what: string, work: () => Promise<unknown>) =>
        startLoop({ everyMs: turnEveryMs, mark: sql.still?.mark, work, onFault: (error) => onFault(what, error) });
      const turning = loopOf("lines", everyLine("the line", turnOne));
      // A beacon that does not answer holds no line up but its own.
      const drawing = loopOf("draws", everyLine("the draw", drawOne));
      const mailing = loopOf("mails of offers", sendMails);
      mails.nudge = mailing.nudge;
      return {
        async stop() {
          await Promise.all([turning.stop(), drawing.stop(), mailing.stop(), intake.close()]);
          await outbox.stop();
        },
      };
    },
  };
}
