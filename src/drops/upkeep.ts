/** The loops of drops: they tell the gate the terms that a crash or an outage kept from it, and announce milestones. */
import type { Sql } from "#engines/sql";
import type { Inventory, Sale } from "#inventory";
import type { Orders } from "#orders";
import { crashPoint } from "#platform/crash-points";
import { startLoop } from "#platform/loop";
import { endOrdersOfCancelled } from "./cancellation.ts";
import { type Drop, isUnchanged, noteTold, readSoldElsewhere, readUnended, readUntold } from "./drop-rows.ts";
import { isBehind, tellLostAgain } from "./lost-versions.ts";
import { queueEvent } from "./outbox.ts";
import { phaseOf } from "./phase.ts";
import type { Reminders } from "./reminders.ts";
import type { Units } from "./units.ts";

export type UpkeepOptions = {
  sql: Sql;
  inventory: Inventory;
  orders: Pick<Orders, "endAll">;
  units: Units;
  reminders: Pick<Reminders, "sendDue">;
  now(): number;
  onFault(what: string, error: unknown): void;
  /** An event is queued. */
  onQueued(): void;
  /** Nothing is left of these products of a drop with a list. */
  onSoldOut(drop: Drop, productIds: readonly string[]): Promise<unknown>;
};

export type Upkeep = {
  /** Sets the drop's terms, unless a later drop sells the product by now. Answers whether they hold for all of its products. */
  tell(drop: Drop): Promise<boolean>;
  start(): { stop(): Promise<void> };
};

type Unended = Awaited<ReturnType<typeof readUnended>>[number];
type Milestone = "opened" | "sold-out" | "ended";

const lookEveryMs = 1_000;
/** Only after one of the two was restored do they differ. */
const compareEveryMs = 30_000;
/** A reminder falls due by itself. */
const stillMs = 4_000;

export function createUpkeep({
  sql,
  inventory,
  orders,
  units,
  reminders,
  now,
  onFault,
  onQueued,
  onSoldOut,
}: UpkeepOptions): Upkeep {
  async function tell(drop: Drop): Promise<boolean> {
    let holds = true;
    // A drop that is over can still be cancelled.
    const elsewhere = await readSoldElsewhere(sql, drop);
    for (const { productId } of drop.products.filter(({ productId }) => !elsewhere.has(productId))) {
      const extensionMs = drop.extensionSeconds * 1_000;
      const answer = await inventory.books.products.setSale(productId, saleOf(drop, productId), extensionMs);
      holds &&= answer.ok;
    }
    await crashPoint("drops.terms-told");
    if (holds) await noteTold(sql, drop);
    return holds;
  }

  /** A drop that fails keeps no other one waiting. */
  async function forEach<D extends Drop>(what: string, drops: readonly D[], act: (drop: D) => Promise<unknown>) {
    for (const drop of drops) await act(drop).catch((error) => onFault(`${what} of drop ${drop.dropId}`, error));
  }

  /** Each once: a person decides. */
  const saidBehind = new Set<string>();

  async function compare(): Promise<false> {
    for (const dropId of await tellLostAgain(sql, inventory.books.products)) {
      if (saidBehind.has(dropId)) continue;
      saidBehind.add(dropId);
      const says = "inventory has later ones, because the drop's own books lost a change: pause or resume the drop";
      onFault(`the terms of drop ${dropId}`, new Error(`${says}, and both have the same`));
    }
    return false;
  }

  async function tellUntold(): Promise<false | undefined> {
    const untold = await readUntold(sql);
    await forEach("the terms", untold, tell);
    return untold.length > 0 && undefined;
  }

  /** Makes durable what the gate's latch does at once: people in the line get what comes back, and the drop says so. */
  async function list(): Promise<false | undefined> {
    const unended = await readUnended(sql);
    const open = unended.filter((drop) => drop.listAfterSoldOut && drop.opensAt.getTime() <= now());
    const unlisted = open.flatMap(unlistedOf);
    if (unlisted.length === 0) return unended.length > 0 && undefined;
    // One question for all of them: their number may be large, and it is asked every second.
    const latched = await inventory.books.products.latchedOf(unlisted);
    await forEach("the list", open, async (drop) => {
      const listed = unlistedOf(drop).filter((productId) => latched.has(productId));
      if (listed.length === 0 || (await isBehind(inventory.books.products, drop))) return;
      await onSoldOut(drop, listed);
    });
    return unended.length > 0 && undefined;
  }

  const endOrders = () => endOrdersOfCancelled({ sql, inventory, orders, now, onFault });

  async function announce(): Promise<false | undefined> {
    const unended = await readUnended(sql);
    if (unended.length === 0) return false;
    // One question for all of them, whose answer is then known for each.
    await units.of(unended.filter(needsUnits)).catch(() => undefined);
    await forEach("milestones", unended, async (drop) => {
      const due = (await milestonesOf(drop)).filter((what) => !drop.announced.includes(what));
      for (const what of due) await announceOnce(drop, what);
    });
    return undefined;
  }

  function needsUnits({ opensAt, closesAt, announced }: Unended): boolean {
    return opensAt.getTime() <= now() && now() < closesAt.getTime() && !announced.includes("sold-out");
  }

  async function milestonesOf(drop: Unended): Promise<Milestone[]> {
    const nowMs = now();
    // One that was closed before its opening never opens.
    const opens = drop.opensAt < drop.closesAt;
    if (nowMs >= drop.closesAt.getTime()) return opens ? ["opened", "ended"] : ["ended"];
    if (nowMs < drop.opensAt.getTime()) return [];
    if (!needsUnits(drop)) return ["opened"];
    const products = (await units.of([drop])).values();
    return phaseOf(drop, products, nowMs) === "sold_out" ? ["opened", "sold-out"] : ["opened"];
  }

  async function announceOnce(drop: Drop, what: Milestone): Promise<void> {
    const at = new Date(now());
    const isFirst = await sql.transaction(async (tx) => {
      // An operator may prolong the drop in its last moment: then the next turn looks at it again.
      if (!(await isUnchanged(tx, drop))) return false;
      const inserted = await tx.query(
        "insert into drops.milestone (drop_id, what, at) values ($1, $2, $3) on conflict do nothing returning what",
        [drop.dropId, what, at],
      );
      if (inserted.length > 0) await queueEvent(tx, drop, what, at);
      return inserted.length > 0;
    });
    if (isFirst) onQueued();
  }

  return {
    tell,
    start() {
      const loops = Object.entries({
        "the terms that inventory has": compare,
        "the terms of drops": tellUntold,
        "lists of sold-out drops": list,
        "milestones of drops": announce,
        "orders of cancelled drops": endOrders,
        "reminders of drops": reminders.sendDue,
      }).map(([what, work]) =>
        startLoop({
          everyMs: work === compare ? compareEveryMs : lookEveryMs,
          mark: sql.still?.mark,
          stillMs,
          work,
          onFault: (error) => onFault(what, error),
        }),
      );
      return {
        async stop() {
          await Promise.all(loops.map((loop) => loop.stop()));
        },
      };
    },
  };
}

function unlistedOf({ products, listed }: Drop): string[] {
  return products.map(({ productId }) => productId).filter((productId) => !listed.includes(productId));
}

/** What inventory goes by when the product is ordered. */
export function saleOf(drop: Drop, productId: string): Sale {
  const { dropId, opensAt, closesAt, paused, holdSeconds, limitPerPerson, listAfterSoldOut, version } = drop;
  return {
    dropId,
    opensAtMs: opensAt.getTime(),
    closesAtMs: closesAt.getTime(),
    paused,
    holdMs: holdSeconds * 1_000,
    limitPerPerson,
    entry: drop.entry !== "open" || drop.listed.includes(productId) ? "pass" : "open",
    latchAfterSoldOut: listAfterSoldOut,
    version,
  };
}
