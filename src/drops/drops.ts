/**
 * Drops: when products are sold, what was promised about it, and what became of that. A change is one version of a drop.
 * The row is written first, then inventory sets the terms at the gate, then the change is answered; a loop carries on what
 * a crash left between the two.
 */
import type { EventLog } from "#engines/log";
import { createOutbox, type Outbox } from "#engines/outbox";
import type { Sql } from "#engines/sql";
import type { Inventory } from "#inventory";
import type { NotEnded, Orders } from "#orders";
import { crashPoint } from "#platform/crash-points";
import { randomHex } from "#platform/ids";
import { type ChangePage, readChanges } from "./changes.ts";
import { changeDrop, type DropChange } from "./drop-change.ts";
import {
  becomeSeller,
  type Drop,
  type DropFields,
  type DropOrders,
  insertDrop,
  isUnchanged,
  readDrop,
  readDropOrders,
  readDrops,
  readZones,
} from "./drop-rows.ts";
import { passLostVersions } from "./lost-versions.ts";
import { changedBy, listedIn, live, type Next } from "./next.ts";
import { dropOutbox } from "./outbox.ts";
import { type Check, createPreflight, type ShopSigns } from "./preflight.ts";
import type { DropRefusal } from "./problems.ts";
import { createReminders, type Reminders, type RemindersOptions } from "./reminders.ts";
import { createUnits, type Units } from "./units.ts";
import { createUpkeep } from "./upkeep.ts";

export type { Change } from "./changes.ts";
export type { Drop, DropFields } from "./drop-rows.ts";
export type { EntryFields } from "./entry.ts";
export { measureDrops } from "./metrics.ts";
export { freezeMsOf, phaseOf } from "./phase.ts";
export type { Check, ShopSigns } from "./preflight.ts";
export type { ProductUnits } from "./units.ts";

export const dropsSchema = { schema: "drops", folder: new URL("./migrations/", import.meta.url) };

/** `holds` false: the change is stored, and the gate could not be told of it yet. */
export type Changed =
  | { ok: true; drop: Drop; holds: boolean }
  | { ok: false; reason: "drop_not_found" | DropRefusal; checks?: Check[]; version?: number; productId?: string };

export type Act = { actor: string; reason?: string | undefined };

export type Drops = {
  /** Makes a draft, with an id of its own if none is given; so does `copy`, with the fields of another drop. */
  create(fields: DropFields, dropId?: string): Promise<Changed>;
  copy(dropId: string, copyId?: string): Promise<Changed>;
  /** `ifMatch`: succeeds only on one of these versions. */
  change(dropId: string, patch: Partial<DropFields>, act: Act, ifMatch?: readonly number[]): Promise<Changed>;
  /** Announces the drop: from here on its terms hold. A check that fails refuses it, unless `force`. */
  schedule(dropId: string, act: Act & { force: boolean }): Promise<Changed>;
  /** Once it answers with `holds`, no order is accepted until it is resumed, in any process. */
  pause(dropId: string, paused: boolean, act: Act): Promise<Changed>;
  closeEarly(dropId: string, act: Act): Promise<Changed>;
  /** Closes it, and ends its orders: open ones are cancelled, paid ones refunded, by and by. */
  cancel(dropId: string, act: Act): Promise<Changed>;
  /** The orders that a cancellation would end now, by currency; undefined of a draft. */
  cancellation(drop: Drop): Promise<NotEnded[] | undefined>;
  preflight(drop: Drop): Promise<Check[]>;
  get(dropId: string): Promise<Drop | undefined>;
  /** Whether it still has this version; waits for a change that is on its way. One that is over by this version stays so. */
  isUnchanged(drop: Pick<Drop, "dropId" | "version">): Promise<boolean>;
  list(withDrafts: boolean): Promise<Drop[]>;
  /** Which orders were placed in the drop. */
  ordersOf(dropId: string): Promise<DropOrders | undefined>;
  /** From those before the version `before` on. */
  changes(dropId: string, before: number | undefined): Promise<ChangePage>;
  /** By product; at most a second old. */
  units: Units["of"];
  /** The zones of the drops that these products are sold in. */
  zonesOf(productIds: readonly string[]): Promise<Map<string, string>>;
  /** Events that the log does not have yet. */
  outboxWaiting: Outbox["waiting"];
  reminders: Reminders;
  start(): { stop(): Promise<void> };
};

export type DropsOptions = {
  sql: Sql;
  log: EventLog;
  topic: string;
  inventory: Inventory;
  orders: Pick<Orders, "endAll" | "notEnded" | "lag">;
  signs: ShopSigns;
  /** The beacon's round that orders the line of a drop. */
  roundOf(drop: Pick<Drop, "opensAt" | "beacon">): number;
  now(): number;
  onFault(what: string, error: unknown): void;
} & Pick<RemindersOptions, "mail" | "addresseeOf" | "publicUrl">;

const listedAtMost = 100;

export function createDrops(options: DropsOptions): Drops {
  const { sql, inventory, orders, roundOf, now, onFault } = options;
  const outbox = createOutbox({ ...dropOutbox, ...options, onFault: (error) => onFault("drop events", error) });
  const preflightOf = createPreflight({ inventory, orders, signs: options.signs, now });
  const units = createUnits(inventory);
  const reminders = createReminders(options);
  const upkeep = createUpkeep({
    sql,
    inventory,
    orders,
    units,
    reminders,
    now,
    onFault,
    onQueued: () => outbox.nudge(),
    onSoldOut: ({ dropId }, productIds) =>
      alter(dropId, {
        what: "changed",
        actor: "dropgate",
        reason: "sold out: units that come back go to the people in the line",
        next: async (drop) => live(drop, now(), { listed: listedIn(drop, productIds) }),
      }),
  });

  async function make(fields: DropFields, dropId: string = randomHex(8)): Promise<Changed> {
    const drop = await sql.transaction((tx) => insertDrop(tx, dropId, fields, new Date(now())));
    return drop ? { ok: true, drop, holds: true } : { ok: false, reason: "drop_exists" };
  }

  async function alter(dropId: string, change: DropChange, ifMatch?: readonly number[]): Promise<Changed> {
    await passLostVersions(sql, inventory.books.products, dropId);
    const changed = await sql.transaction((tx) => changeDrop(tx, dropId, change, new Date(now()), ifMatch));
    if (!changed.ok) return changed;
    const { drop } = changed;
    if (drop.state === "draft") return { ...changed, holds: true };
    await crashPoint("drops.change-stored");
    outbox.nudge();
    return { ...changed, holds: await upkeep.tell(drop) };
  }

  function rounded(next: Next): Next {
    if (!next.ok) return next;
    const { drop } = next;
    return {
      ok: true,
      drop: { ...drop, round: drop.state === "draft" || drop.entry === "open" ? null : roundOf(drop) },
    };
  }

  const done = (act: Act) => ({ actor: act.actor, reason: act.reason ?? null });

  async function schedule(dropId: string, asked: Act & { force: boolean }): Promise<Changed> {
    const draft = await readDrop(sql, dropId);
    if (!draft) return { ok: false, reason: "drop_not_found" };
    const { checks, canBeForced } = await preflightOf(draft);
    const isForced = canBeForced && asked.force && asked.reason !== undefined;
    if (draft.state === "draft" && !isForced && checks.some(({ status }) => status === "fail")) {
      return { ok: false, reason: "preflight_failed", checks };
    }
    const change: DropChange = {
      ...done(asked),
      what: "scheduled",
      async next(drop, tx) {
        if (drop.state !== "draft") return { ok: false, reason: "already_scheduled" };
        if (drop.closesAt.getTime() <= now()) return { ok: false, reason: "drop_over" };
        const productId = await becomeSeller(tx, drop, new Date(now()));
        if (productId !== undefined) return { ok: false, reason: "product_in_other_drop", productId };
        return rounded({ ok: true, drop: { ...drop, state: "scheduled" } });
      },
    };
    const scheduled = await alter(dropId, change, [draft.version]);
    // Changed while it was checked: what is scheduled is what passed the checks.
    return !scheduled.ok && scheduled.reason === "version_mismatch" ? schedule(dropId, asked) : scheduled;
  }

  return {
    create: make,

    async copy(dropId, copyId) {
      const drop = await readDrop(sql, dropId);
      return drop ? make(drop, copyId) : { ok: false, reason: "drop_not_found" };
    },

    change: (dropId, patch, act, ifMatch) =>
      alter(
        dropId,
        { ...done(act), what: "changed", next: async (drop) => rounded(changedBy(drop, patch, now())) },
        ifMatch,
      ),

    schedule,

    pause: (dropId, paused, act) =>
      alter(dropId, {
        ...done(act),
        what: paused ? "paused" : "resumed",
        next: async (drop) => live(drop, now(), { paused, pauseReason: paused ? (act.reason ?? null) : null }),
      }),

    closeEarly: (dropId, act) =>
      alter(dropId, {
        ...done(act),
        what: "closed-early",
        next: async (drop) => live(drop, now(), { closesAt: new Date(now()) }),
      }),

    cancel: (dropId, act) =>
      alter(dropId, {
        ...done(act),
        what: "cancelled",
        async next(drop) {
          if (drop.state === "draft") return { ok: false, reason: "drop_not_scheduled" };
          if (drop.state === "cancelled") return { ok: true, drop };
          const closesAt = new Date(Math.min(drop.closesAt.getTime(), now()));
          return { ok: true, drop: { ...drop, state: "cancelled", closesAt } };
        },
      }),

    async cancellation({ dropId }) {
      const placed = await readDropOrders(sql, dropId);
      return placed && orders.notEnded({ ...placed, since: placed.scheduledAt, until: placed.to });
    },

    preflight: async (drop) => (await preflightOf(drop)).checks,
    get: (dropId) => readDrop(sql, dropId),
    isUnchanged: (drop) => isUnchanged(sql, drop),
    list: (withDrafts) => readDrops(sql, withDrafts, new Date(now()), listedAtMost),
    ordersOf: (dropId) => readDropOrders(sql, dropId),
    changes: (dropId, before) => readChanges(sql, dropId, before),
    units: units.of,
    zonesOf: (productIds) => readZones(sql, productIds),
    outboxWaiting: outbox.waiting,
    reminders,

    start() {
      outbox.start();
      const running = upkeep.start();
      return {
        async stop() {
          await running.stop();
          await outbox.stop();
        },
      };
    },
  };
}
