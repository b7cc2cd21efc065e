/** Answers the statements of src/inventory from tables in memory, each by a twin. */
import { hash } from "node:crypto";
import type { Stock } from "../../../src/inventory/books/known.ts";
import type { Fate, StreamItem, StreamRow } from "../../../src/inventory/gate/gate.ts";
import type { Planted } from "../planted.ts";
import type { RetiredRow, SaleRow } from "./sales.ts";
import { type Twins, unnest } from "./statements.ts";
import { createTable, SqlFault, type Transaction } from "./tables.ts";

export type Ledger = {
  productId: string;
  epoch: number;
  reservationNo: number;
  fate: Fate;
  orderId: string;
  userId: string;
  quantity: number;
  seq: number | null;
  decidedAt: Date;
};
type Claim = {
  productId: string;
  epoch: number;
  reservationNo: number;
  orderId: string;
  userId: string;
  quantity: number;
};
export type Outcome = {
  productId: string;
  epoch: number;
  reservationNo: number;
  outcome: "released" | "sold";
  quantity: number;
  seq: number | null;
};
type Offer = {
  productId: string;
  unitPriceMinor: number;
  currency: string;
  limitPerCustomer: number | null;
  version: number;
};
type Mode = { mode: string; ready: boolean; version: number; changedBy: string; changedAt: Date };

export type InventoryTables = ReturnType<typeof createInventoryTables>;

type Entry = { productId: string; ref: string; kind: string; quantity: number; reason: string; actor: string };

export function createInventoryTables() {
  const reservation = ({
    productId,
    epoch,
    reservationNo,
  }: {
    productId: string;
    epoch: number;
    reservationNo: number;
  }) => `${productId} ${epoch} ${reservationNo}`;
  return {
    stock: createTable<Stock>(({ productId }) => productId),
    offer: createTable<Offer>(({ productId }) => productId),
    sale: createTable<SaleRow>(({ productId }) => productId),
    retired: createTable<RetiredRow>(({ orderId }) => orderId),
    ledger: createTable<Ledger>(reservation),
    outcome: createTable<Outcome>(reservation),
    queue: createTable<Claim & { outcome: "released" | "sold" }>(reservation),
    entry: createTable<Entry>(({ productId, ref }) => `${productId} ${ref}`),
    stream: createTable<StreamRow & { writtenAtMs: number; writtenIn: number }>(
      ({ productId, seq }) => `${productId} ${seq}`,
    ),
    quota: createTable<{ productId: string; userId: string; held: number }>(
      ({ productId, userId }) => `${productId} ${userId}`,
    ),
    mode: createTable<Mode>(() => "the mode"),
    /** Transactions that have written to the stream, numbered as PostgreSQL does. */
    writers: { last: 0, underWay: new Map<Transaction, number>() },
  };
}

type Strings = readonly string[];
type Numbers = readonly number[];
type Six = [number, number, number, number, number, number];

export function inventoryTwins(t: InventoryTables, now: () => number, planted?: Planted): Twins {
  const among = (ids: unknown) => (row: { productId: string }) =>
    ids === null || (ids as Strings).includes(row.productId);
  const byProduct = (a: { productId: string }, b: { productId: string }) => (a.productId < b.productId ? -1 : 1);
  const sum = <R>(rows: readonly R[], of: (row: R) => number) => rows.reduce((total, row) => total + of(row), 0);

  function insertLedger(tx: Transaction, row: Ledger): void {
    const key = t.ledger.keyOf(row);
    const isOrder = (fate: string) => fate === "claimed" || fate === "refused";
    t.ledger.put(tx, key, t.ledger.get(tx, key) ? unique("stock_ledger_pkey") : row);
    const others = t.ledger.all(tx).filter((one) => one.orderId === row.orderId && isOrder(one.fate));
    if (isOrder(row.fate) && others.length > 1) unique("one_claim_an_order");
  }

  function heldBy(tx: Transaction, ids: Strings, userIds: Strings) {
    const people = new Set(unnest(ids, userIds).map((pair) => pair.join(" ")));
    return t.quota.all(tx).filter((row) => people.has(t.quota.keyOf(row)));
  }

  function numberOf(tx: Transaction): number {
    const known = t.writers.underWay.get(tx);
    if (known) return known;
    t.writers.last += 1;
    t.writers.underWay.set(tx, t.writers.last);
    tx.onEnd.push(() => t.writers.underWay.delete(tx));
    return t.writers.last;
  }

  const position = () => String(Math.min(t.writers.last + 1, ...t.writers.underWay.values()));

  /** Planted: the query for missing changes of the gate returns only the last minute. */
  function isSeen(row: { writtenAtMs: number } | undefined): boolean {
    return planted !== "looks-back-a-minute" || (row !== undefined && row.writtenAtMs > now() - 60_000);
  }

  function writeStock(tx: Transaction, values: readonly unknown[]): object[] {
    const [ids, ...figures] = values.slice(0, 7) as [Strings, ...Numbers[]];
    ids.forEach((productId, i) => {
      const [totalIn, committed, sold, epoch, seq, lastDirectNo] = figures.map((column) => column[i] as number) as Six;
      if (committed < 0 || committed > totalIn) throw new SqlFault("23514", "committed_within_stock");
      if (sold < 0 || sold > committed) throw new SqlFault("23514", "sold_within_committed");
      t.stock.put(tx, productId, { productId, totalIn, committed, sold, epoch, seq, lastDirectNo });
    });
    const written = { writtenAtMs: now(), writtenIn: numberOf(tx) };
    const rows = values.slice(7) as [Strings, Numbers, Numbers, Strings, Numbers, Numbers, Strings];
    for (const [productId, seq, epoch, kind, availableAfter, added, items] of unnest(...rows)) {
      const row = { productId, seq, epoch, kind: kind as StreamRow["kind"], availableAfter, added };
      const key = `${productId} ${seq}`;
      if (t.stream.get(tx, key)) unique("stock_stream_pkey");
      t.stream.put(tx, key, { ...row, items: JSON.parse(items) as StreamItem[], ...written });
    }
    return [];
  }

  return {
    "from inventory.stock where product_id = any($1::text[]) order by product_id for update": (tx, [ids]) =>
      [...(ids as Strings)].toSorted().flatMap((id) => {
        const row = t.stock.lock(tx, id);
        return row ? [{ ...row }] : [];
      }),
    "select 'fate' as kind": (tx, [ids, epochs, ns, orderIds, userIds]) => {
      const orders = new Set(orderIds as Strings);
      const fates = unnest(ids as Strings, epochs as Numbers, ns as Numbers).flatMap((key) => {
        const row = t.ledger.get(tx, key.join(" "));
        return row ? [{ kind: "fate", ...row, id: row.orderId }] : [];
      });
      const standing = t.ledger
        .all(tx)
        .filter(({ orderId, fate }) => orders.has(orderId) && (fate === "claimed" || fate === "refused"))
        .map((row) => ({ kind: "order", ...row, id: row.orderId }));
      const standIns = t.ledger
        .all(tx)
        .filter(({ orderId, reservationNo }) => orders.has(orderId) && reservationNo < 0)
        .map((row) => ({ kind: "stand-in", ...row, id: row.orderId }));
      const people = heldBy(tx, ids as Strings, userIds as Strings);
      const held = people.map((row) => ({ kind: "held", ...row, epoch: 0, reservationNo: row.held, id: row.userId }));
      return [...fates, ...standing, ...standIns, ...held];
    },
    "cross join lateral (select held from inventory.user_quota": (tx, [ids, userIds]) =>
      heldBy(tx, ids as Strings, userIds as Strings),
    "insert into inventory.stock_ledger": (tx, values) => {
      const columns = values.slice(0, 8) as [Strings, Numbers, Numbers, Fate[], Strings, Strings, Numbers, Numbers];
      for (const [productId, epoch, reservationNo, fate, orderId, userId, quantity, seq] of unnest(...columns)) {
        if (fate === "void" && planted === "no-tombstone") continue;
        insertLedger(tx, {
          productId,
          epoch,
          reservationNo,
          fate,
          orderId,
          userId,
          quantity,
          seq,
          decidedAt: new Date(now()),
        });
      }
      const [products, users, quantities] = values.slice(8) as [Strings, Strings, Numbers];
      for (const [productId, userId, quantity] of unnest(products, users, quantities)) {
        const key = `${productId} ${userId}`;
        t.quota.put(tx, key, { productId, userId, held: (t.quota.lock(tx, key)?.held ?? 0) + quantity });
      }
      return [];
    },
    "update inventory.stock s set": writeStock,
    "insert into inventory.outcome_queue": (tx, values) => {
      const outcome = values[6] as "sold";
      for (const cells of unnest(...(values.slice(0, 6) as unknown[][]))) {
        const [productId, epoch, reservationNo, orderId, userId, quantity] = cells;
        const row = { ...({ productId, epoch, reservationNo, orderId, userId, quantity } as Claim), outcome };
        const key = t.queue.keyOf(row);
        t.queue.put(tx, key, t.queue.get(tx, key) ? unique("outcome_queue_pkey") : row);
      }
      return [];
    },
    "delete from inventory.outcome_queue": (tx, [limit]) => {
      const keys = t.queue.all(tx).map((row) => t.queue.keyOf(row));
      const free = keys.filter((key) => !t.queue.isLockedByOther(tx, key)).slice(0, limit as number);
      return free.flatMap((key) => {
        const row = t.queue.lock(tx, key);
        t.queue.put(tx, key, undefined);
        return row ? [row] : [];
      });
    },
    "insert into inventory.stock_outcome": (tx, values) => {
      const columns = values.slice(0, 6) as [
        Strings,
        Numbers,
        Numbers,
        ("released" | "sold")[],
        Numbers,
        (number | null)[],
      ];
      for (const [productId, epoch, reservationNo, outcome, quantity, seq] of unnest(...columns)) {
        const row: Outcome = { productId, epoch, reservationNo, outcome, quantity, seq };
        const key = t.outcome.keyOf(row);
        t.outcome.put(tx, key, t.outcome.get(tx, key) ? unique("stock_outcome_pkey") : row);
      }
      const released = values.slice(6) as [Strings, Strings, Numbers];
      for (const [productId, userId, quantity] of unnest(...released)) {
        const row = t.quota.lock(tx, `${productId} ${userId}`);
        if (!row) continue;
        if (row.held < quantity) throw new SqlFault("23514", "user_quota_held_check");
        t.quota.put(tx, `${productId} ${userId}`, { ...row, held: row.held - quantity });
      }
      return [];
    },
    "select seq from inventory.stock_outcome": (tx, [productId, epoch, reservationNo]) => {
      const row = t.outcome.get(tx, `${productId} ${epoch} ${reservationNo}`);
      return row?.outcome === "released" ? [{ seq: row.seq }] : [];
    },
    "select kind, quantity, reason, actor from inventory.stock_entry": (tx, [productId, ref]) => {
      const row = t.entry.get(tx, `${productId} ${ref}`);
      if (!row) return [];
      const { kind, quantity, reason, actor } = row;
      return [{ kind, quantity, reason, actor }];
    },
    "insert into inventory.stock_entry": (tx, [productId, ref, kind, quantity, reason, actor]) => {
      const key = `${productId} ${ref}`;
      const row = { productId, ref, kind, quantity, reason, actor } as Entry;
      t.entry.put(tx, key, t.entry.get(tx, key) ? unique("stock_entry_pkey") : row);
      return [];
    },
    "select pg_snapshot_xmin(pg_current_snapshot())::text as position": () => [{ position: position() }],
    "from inventory.stock where seq > 0": (tx) =>
      t.stock
        .all(tx)
        .filter(({ productId, seq }) => seq > 0 && isSeen(t.stream.get(tx, `${productId} ${seq}`)))
        .map(({ productId, seq }) => ({ productId, seq })),
    "from inventory.stock_stream where written_in >= $1": (tx, [since]) => {
      const ends = new Map<string, number>();
      for (const row of t.stream.all(tx)) {
        if (row.writtenIn < Number(since) || !isSeen(row)) continue;
        ends.set(row.productId, Math.max(row.seq, ends.get(row.productId) ?? 0));
      }
      return Array.from(ends, ([productId, seq]) => ({ productId, seq, position: position() }));
    },
    "from inventory.stock_stream where product_id = $1 and seq > $2": (tx, [productId, after, limit]) => {
      const end = t.stock.get(tx, productId as string)?.seq ?? 0;
      const rows: object[] = [];
      for (let seq = (after as number) + 1; seq <= end && rows.length < (limit as number); seq += 1) {
        const row = t.stream.get(tx, `${productId} ${seq}`);
        if (row) rows.push(row);
      }
      return rows;
    },
    'select product_id as "productId", epoch from inventory.stock where product_id = any($1::text[])': (tx, [ids]) =>
      t.stock
        .all(tx)
        .filter(among(ids))
        .map(({ productId, epoch }) => ({ productId, epoch })),
    "cross join lateral (select epoch from inventory.stock_ledger": (tx, [ids]) =>
      (ids as Strings).flatMap((productId) => {
        const epochs = t.ledger
          .all(tx)
          .filter(among([productId]))
          .map(({ epoch }) => epoch);
        return epochs.length > 0 ? [{ productId, epoch: Math.max(...epochs) }] : [];
      }),
    "jsonb_agg(jsonb_build_array(user_id, held) order by user_id)": (tx, [ids]) => {
      const rows = t.quota
        .all(tx)
        .filter(({ held }) => held > 0)
        .filter(among(ids));
      return Array.from(
        Map.groupBy(rows, ({ productId }) => productId),
        ([productId, held]) => ({
          productId,
          held: held.map((row) => [row.userId, row.held] as const).toSorted(([a], [b]) => (a < b ? -1 : 1)),
        }),
      );
    },
    "where exists (select 1 from inventory.stock_ledger": (tx, [ids]) => {
      const known = new Set(t.ledger.all(tx).map(({ productId }) => productId));
      return (ids as Strings).filter((id) => known.has(id)).map((productId) => ({ productId }));
    },
    'case when a.seq = 0 then 0 else r.available_after end as "availableAfter"': (tx, [ids, named, seqs]) => {
      const applied = new Map(unnest(named as Strings, seqs as Numbers));
      return t.stock
        .all(tx)
        .filter(among(ids))
        .map(({ productId, epoch, seq }) => {
          const at = applied.get(productId);
          if (at !== undefined && !isSeen(t.stream.get(tx, `${productId} ${at + 1}`))) seq = at;
          const availableAfter = at === undefined ? null : afterRow(tx, productId, at);
          const offer = planted === "prices-uncompared" ? undefined : t.offer.get(tx, productId);
          const { version: offerVersion = null, unitPriceMinor, currency, limitPerCustomer } = offer ?? {};
          const terms = { offerVersion, unitPriceMinor, currency, limitPerCustomer };
          const { productId: _, version: saleVersion = null, extensionMs, ...sale } = t.sale.get(tx, productId) ?? {};
          return { productId, epoch, seq, availableAfter, saleVersion, ...sale, ...terms };
        });
    },
    "from inventory.offer where product_id = any": (tx, [ids]) => t.offer.all(tx).filter(among(ids)),
    "insert into inventory.offer": (tx, [productId, unitPriceMinor, currency, limitPerCustomer, version]) => {
      const row = { productId, unitPriceMinor, currency, limitPerCustomer, version } as Offer;
      const standing = t.offer.lock(tx, row.productId);
      if (!standing || standing.version < row.version) t.offer.put(tx, row.productId, row);
      return [];
    },
    "insert into inventory.stock (product_id)": (tx, [productId]) => {
      const id = productId as string;
      if (t.stock.conflict(tx, id)) return [];
      t.stock.put(tx, id, { productId: id, totalIn: 0, committed: 0, sold: 0, epoch: 1, seq: 0, lastDirectNo: 0 });
      return [{ product_id: id }];
    },
    'select mode, ready, version, changed_by as "changedBy"': (tx) => t.mode.all(tx),
    "select mode = 'gatekeeper' as allowed from inventory.gate_mode for share": (tx) => {
      const row = t.mode.share(tx, "the mode");
      return [{ allowed: row?.mode === "gatekeeper" }];
    },
    "from inventory.gate_mode for share": (tx) => {
      const row = t.mode.share(tx, "the mode");
      return [{ allowed: row?.mode === "sync" && row.ready }];
    },
    "update inventory.gate_mode": (tx, [mode, ready, changedBy, after]) => {
      const row = t.mode.lock(tx, "the mode") as Mode;
      if (after !== null && row.version !== after) return [];
      const next = { mode, ready, version: row.version + 1, changedBy, changedAt: new Date(now()) } as Mode;
      t.mode.put(tx, "the mode", next);
      return [next];
    },
    "with chosen as (select * from inventory.stock": (tx, [ids, named, seqs]) => {
      const applied = new Map(unnest((named ?? []) as Strings, (seqs ?? []) as Numbers));
      return t.stock
        .all(tx)
        .filter(among(ids))
        .toSorted(byProduct)
        .map((stock) => {
          const mine = among([stock.productId]);
          const [entries, outcomes, queued] = [t.entry.all(tx), t.outcome.all(tx), t.queue.all(tx)];
          const claims = t.ledger.all(tx).filter(({ fate }) => fate === "claimed");
          const of = <R extends { productId: string; quantity: number }>(
            rows: readonly R[],
            fits: (row: R) => boolean,
          ) =>
            sum(
              rows.filter((row) => mine(row) && fits(row)),
              ({ quantity }) => quantity,
            );
          const has = (outcome: string) => (row: { outcome: string }) => row.outcome === outcome;
          return {
            ...stock,
            saleVersion: saleVersionOf(tx, stock.productId),
            nextChangeAgeMs: ageOf(tx, stock.productId, applied.get(stock.productId)),
            availableAfterApplied: afterRow(tx, stock.productId, applied.get(stock.productId) ?? stock.seq),
            entered: of(entries, () => true),
            claimed: of(claims, () => true),
            releasedCounted: of(outcomes, has("released")),
            soldCounted: of(outcomes, has("sold")),
            releasedQueued: of(queued, has("released")),
            soldQueued: of(queued, has("sold")),
          };
        });
    },
    "from inventory.stock s left join inventory.user_quota q": (tx, [id]) => {
      const stock = t.stock.get(tx, id as string);
      if (!stock) return [];
      const { epoch, seq } = stock;
      const held = t.quota.all(tx).filter((row) => row.held > 0 && row.productId === id);
      if (held.length === 0) return [{ epoch, seq, userId: null, held: null }];
      return held.map(({ userId, held }) => ({ epoch, seq, userId, held }));
    },
    "where product_id > $1 order by product_id limit $2": (tx, [last, limit]) =>
      t.stock
        .all(tx)
        .toSorted(byProduct)
        .filter(({ productId }) => productId > (last as string))
        .slice(0, limit as number)
        .map(({ productId }) => ({ id: productId })),
    "where inventory.prefix_of(product_id) = any($1::text[])": (tx, [prefixes]) =>
      t.stock
        .all(tx)
        .filter(({ productId }) => (prefixes as readonly string[]).includes(hash("sha256", productId).slice(0, 12)))
        .map(({ productId }) => ({ id: productId })),
    "as r (product_id, epoch, reservation_no) join inventory.stock_ledger": (tx, [productIds, epochs, numbers]) =>
      unnest(productIds as string[], epochs as number[], numbers as number[]).flatMap((key) => {
        const row = t.ledger.get(tx, key.join(" "));
        return row ? [{ epoch: row.epoch, reservationNo: row.reservationNo, fate: row.fate, seq: row.seq }] : [];
      }),
    "available_after - lag(available_after, 1, 0) over (order by seq) as net": (tx, [productId, applied, limit]) =>
      t.stream
        .all(tx)
        .filter((row) => row.productId === productId && row.seq <= (applied as number))
        .toSorted((a, b) => b.seq - a.seq)
        .slice(0, limit as number)
        .map(({ seq, kind, added, items, availableAfter }, i, latest) => ({
          seq,
          kind,
          added,
          items,
          net: availableAfter - (latest[i + 1]?.availableAfter ?? 0),
        })),
    "select 1 from inventory.stock where product_id = $1": (tx, [id]) => (t.stock.get(tx, id as string) ? [{}] : []),
  };

  function ageOf(tx: Transaction, productId: string, applied: number | undefined): number | null {
    const next = applied === undefined ? undefined : t.stream.get(tx, `${productId} ${applied + 1}`);
    return next ? now() - next.writtenAtMs : null;
  }

  function saleVersionOf(tx: Transaction, productId: string): number | null {
    return t.sale.get(tx, productId)?.version ?? null;
  }

  function afterRow(tx: Transaction, productId: string, seq: number): number | null {
    return seq === 0 ? 0 : (t.stream.get(tx, `${productId} ${seq}`)?.availableAfter ?? null);
  }
}

/** Compares two rows as PostgreSQL does: by the first column, and if that is equal by the second. */
export function isAfter(at: number, id: string, otherAt: number, otherId: string): boolean {
  return at === otherAt ? id > otherId : at > otherAt;
}

export function unique(constraint: string): never {
  throw new SqlFault("23505", `duplicate key value violates unique constraint "${constraint}"`, constraint);
}
