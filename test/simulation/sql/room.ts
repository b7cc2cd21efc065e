/** Answers the statements of src/room from tables in memory, each by a twin. */
import type { PassRow } from "../../../src/room/pass-rows.ts";
import type { RoomRow } from "../../../src/room/room-rows.ts";
import type { Planted } from "../planted.ts";
import { unique } from "./inventory.ts";
import { type Twins, unnest } from "./statements.ts";
import { createTable, type Transaction } from "./tables.ts";

export type PlaceRow = {
  dropId: string;
  seq: number;
  userId: string;
  ticket: Buffer;
  joinedAt: Date;
  rank: number | null;
  askedAt: Date | null;
  askedProduct: string | null;
  offeredUntil: Date | null;
  doneAt: Date | null;
  leftAt: Date | null;
};
export type PassInRow = PassRow & { dropId: string; seq: number; issuedAt: Date; quantity: number | null };

export type RoomTables = ReturnType<typeof createRoomTables>;

export function createRoomTables() {
  return {
    room: createTable<RoomRow>(({ dropId }) => dropId),
    place: createTable<PlaceRow>(({ dropId, seq }) => `${dropId} ${seq}`),
    pass: createTable<PassInRow>(({ passId }) => passId),
    call: createTable<{ dropId: string; at: Date; called: number }>(({ dropId, at }) => `${dropId} ${at.getTime()}`),
    roomEvents: createTable<{ id: number; event: unknown }>(({ id }) => String(id)),
  };
}

export function numberOf({ rank, seq }: Pick<PlaceRow, "rank" | "seq">): number {
  return rank ?? seq;
}

function keeps({ state }: Pick<PassRow, "state">): boolean {
  return state === "pending" || state === "live";
}

export function roomTwins(t: RoomTables, planted: Planted | undefined): Twins {
  let events = 0;
  const placesOf = (tx: Transaction, dropId: unknown) => t.place.all(tx).filter((row) => row.dropId === dropId);
  const standing = (tx: Transaction, dropId: unknown) => placesOf(tx, dropId).filter(({ leftAt }) => leftAt === null);
  const passesOf = (tx: Transaction, { dropId, seq }: Pick<PlaceRow, "dropId" | "seq">) =>
    t.pass.all(tx).filter((row) => row.dropId === dropId && row.seq === seq);
  const passWithPlace = (tx: Transaction, pass: PassInRow) => {
    const place = t.place.get(tx, `${pass.dropId} ${pass.seq}`);
    return { ...pass, hasLeft: (place?.leftAt ?? null) !== null };
  };
  const hasPass = (tx: Transaction, place: PlaceRow) => passesOf(tx, place).some(keeps);
  const byNumber = (a: PlaceRow, b: PlaceRow) => numberOf(a) - numberOf(b);
  /** The place as it is once no other transaction holds it. */
  const lockPlace = (tx: Transaction, place: PlaceRow) => t.place.lock(tx, t.place.keyOf(place)) as PlaceRow;
  const setPlace = (tx: Transaction, place: PlaceRow) => t.place.put(tx, t.place.keyOf(place), place);
  const setRoom = (tx: Transaction, dropId: unknown, change: Partial<RoomRow>) => {
    const room = t.room.lock(tx, dropId as string);
    if (room) t.room.put(tx, room.dropId, { ...room, ...change });
    return [];
  };

  return {
    "insert into room.room (drop_id, mode": (tx, [dropId, mode, frozenAt, frozenSize, orderKind]) => {
      if (t.room.conflict(tx, dropId as string)) return [];
      const given = { dropId, mode, frozenAt, frozenSize, orderKind } as Pick<RoomRow, "dropId" | "mode">;
      const fresh = { lastSeq: 0, called: 0, rate: null, cameShare: 1, claimsLeft: 0, claimsAt: null };
      t.room.put(tx, given.dropId, { ...fresh, turnedAt: null, closedAt: null, ...given } as RoomRow);
      return [];
    },
    "from room.room where drop_id = $1 for update": (tx, [dropId]) =>
      [(planted === "line-unlocked" ? t.room.get : t.room.lock)(tx, dropId as string) ?? []].flat(),
    "and (turned_at is null or turned_at <= $2 or turned_at > $3) for update skip locked": (
      tx,
      [dropId, before, after],
    ) => {
      const room = t.room.get(tx, dropId as string);
      if (planted === "turns-unlocked") return [room ?? []].flat();
      const turnedAt = room?.turnedAt;
      if (!room || room.closedAt || (turnedAt && turnedAt > (before as Date) && turnedAt <= (after as Date))) return [];
      return t.room.isLockedByOther(tx, room.dropId) ? [] : [t.room.lock(tx, room.dropId) as RoomRow];
    },
    "update room.room set mode = $2, called = greatest": (tx, [dropId, mode, called, rate, cameShare, turnedAt]) => {
      const room = t.room.lock(tx, dropId as string);
      if (!room) return [];
      const next = planted === "turns-unlocked" ? (called as number) : Math.max(room.called, called as number);
      setRoom(tx, dropId, { mode, called: next, rate, cameShare, turnedAt } as Partial<RoomRow>);
      return [{ hasRisen: next > room.called }];
    },
    "insert into room.call": (tx, [dropId, at, called]) => {
      const row = { dropId, at, called } as { dropId: string; at: Date; called: number };
      t.call.put(tx, t.call.keyOf(row), row);
      return [];
    },
    "update room.room set claims_left": (tx, [dropId, claimsLeft, claimsAt]) =>
      setRoom(tx, dropId, { claimsLeft, claimsAt } as Partial<RoomRow>),
    "update room.room set last_seq": (tx, [dropId, lastSeq]) => setRoom(tx, dropId, { lastSeq: lastSeq as number }),
    "insert into room.place": (tx, [dropId, last, userIds, tickets, joinedAt]) => {
      unnest(userIds as string[], tickets as Buffer[]).forEach(([userId, ticket], i) => {
        const given = { dropId, seq: (last as number) + i + 1, userId, ticket, joinedAt } as PlaceRow;
        const isTaken = t.place.conflict(tx, t.place.keyOf(given)) !== undefined;
        if (isTaken && planted !== "line-unlocked") unique("place_pkey");
        const asked = { askedAt: null, askedProduct: null, offeredUntil: null };
        setPlace(tx, { ...given, ...asked, rank: null, doneAt: null, leftAt: null });
      });
      return [];
    },
    "from room.place p join room.room r using (drop_id)": (tx, [dropId, userIds]) => {
      const room = t.room.get(tx, dropId as string);
      if (!room) return [];
      return standing(tx, dropId)
        .filter(({ userId }) => (userIds as string[]).includes(userId))
        .map((place) => ({
          ...place,
          place: room.orderKind === null ? null : numberOf(place),
          called: room.orderKind !== null && numberOf(place) <= room.called,
          done: place.doneAt !== null,
        }));
    },
    "update room.place set left_at": (tx, [dropId, userId, at]) =>
      standing(tx, dropId)
        .filter((place) => place.userId === userId)
        .map((place) => lockPlace(tx, place))
        .filter(({ leftAt }) => leftAt === null)
        .map((place) => {
          setPlace(tx, { ...place, leftAt: at as Date });
          return { seq: place.seq };
        }),
    "as pass from room.place p where p.drop_id = $1 and p.user_id = any": (tx, [dropId, userIds]) =>
      standing(tx, dropId)
        .filter(({ userId }) => (userIds as string[]).includes(userId))
        .map((place) => {
          const given = passesOf(tx, place).filter(({ state }) => state !== "pending" && state !== "retired");
          const last = given.toSorted((a, b) => b.attempt - a.attempt)[0];
          const { seq, userId, offeredUntil } = place;
          const asker = { seq, userId, placeNo: numberOf(place), offeredUntil, isDone: place.doneAt !== null };
          return { ...asker, pass: last ? shownPass(last) : null };
        }),
    "state in ('pending', 'live') and expires_at > $2 group by product_id": (tx, [dropId, at]) => {
      const kept = t.pass.all(tx).filter((row) => row.dropId === dropId && keeps(row) && row.expiresAt > (at as Date));
      return planted === "passes-uncounted"
        ? []
        : counted(
            kept.map(({ productId }) => productId),
            "kept",
          );
    },
    "insert into room.pass": (tx, [dropId, at, ...columns]) => {
      const rows = unnest(...(columns as unknown[][]));
      for (const [seq, userId, productId, passId, orderId, expiresAt, state, renewed] of rows) {
        const attempt = 1 + Math.max(0, ...passesOf(tx, { dropId, seq } as PlaceRow).map(({ attempt }) => attempt));
        const given = {
          dropId,
          seq,
          attempt,
          userId,
          productId,
          passId,
          orderId,
          issuedAt: at,
          expiresAt,
          state,
          renewed,
        };
        t.pass.put(tx, passId as string, { ...given, quantity: null } as PassInRow);
      }
      return [];
    },
    "join room.place p using (drop_id, seq) where a.pass_id = $1": (tx, [passId]) => {
      const pass = t.pass.get(tx, passId as string);
      return pass ? [passWithPlace(tx, pass)] : [];
    },
    "join room.place p using (drop_id, seq) where a.drop_id = $1 and a.seq = $2": (tx, [dropId, seq]) =>
      passesOf(tx, { dropId, seq } as PlaceRow)
        .toSorted((a, b) => b.attempt - a.attempt)
        .map((pass) => passWithPlace(tx, pass)),
    "insert into room.pass (drop_id, seq, attempt, user_id, product_id, pass_id, order_id, issued_at, expires_at, renewed":
      (tx, [formerId, productId, passId, orderId, issuedAt]) => {
        const former = t.pass.get(tx, formerId as string);
        if (!former) return [];
        const attempt = 1 + Math.max(...passesOf(tx, former).map((pass) => pass.attempt));
        const changed = { productId, passId, orderId, issuedAt, attempt } as PassInRow;
        t.pass.put(tx, changed.passId, { ...former, ...changed, state: "pending", quantity: null });
        return [];
      },
    "update room.pass set state = $2": (tx, [passId, state]) => {
      const pass = t.pass.lock(tx, passId as string);
      if (pass) t.pass.put(tx, pass.passId, { ...pass, state: state as PassRow["state"] });
      return [];
    },
    "update room.pass set state = 'live'": (tx, [passId]) => {
      const pass = t.pass.lock(tx, passId as string);
      if (pass?.state !== "pending") return [];
      t.pass.put(tx, pass.passId, { ...pass, state: "live" });
      return [{ pass_id: passId }];
    },
    "update room.pass set expires_at = greatest": (tx, [passId, expiresAt]) => {
      const pass = t.pass.lock(tx, passId as string);
      if (!pass || pass.renewed) return [];
      const later = new Date(Math.max(pass.expiresAt.getTime(), (expiresAt as Date).getTime()));
      t.pass.put(tx, pass.passId, { ...pass, expiresAt: later, renewed: true });
      return [];
    },
    "update room.place p set asked_at": (tx, [dropId, at, seqs, productIds]) => {
      for (const [seq, productId] of unnest(seqs as number[], productIds as string[])) {
        const place = t.place.lock(tx, `${dropId} ${seq}`);
        if (place) setPlace(tx, { ...place, askedAt: at as Date, askedProduct: productId });
      }
      return [];
    },
    "update room.pass a set state = 'spent'": (tx, [orderIds, quantities, at]) => {
      for (const [orderId, quantity] of unnest(orderIds as string[], quantities as number[])) {
        const found = t.pass.all(tx).find((row) => row.orderId === orderId && row.state !== "spent");
        const pass = found && t.pass.lock(tx, found.passId);
        if (!pass || pass.state === "spent") continue;
        t.pass.put(tx, pass.passId, { ...pass, state: "spent", quantity });
        const place = t.place.lock(tx, `${pass.dropId} ${pass.seq}`);
        if (place) setPlace(tx, { ...place, doneAt: place.doneAt ?? (at as Date) });
      }
      return [];
    },
    "update room.pass set state = 'lapsed'": (tx, [dropId, at]) => {
      const isOver = (row: PassInRow) => row.dropId === dropId && keeps(row) && row.expiresAt <= (at as Date);
      for (const { passId } of t.pass.all(tx).filter(isOver)) {
        const pass = t.pass.lock(tx, passId);
        if (pass && isOver(pass)) t.pass.put(tx, passId, { ...pass, state: "lapsed" });
      }
      return [];
    },
    "with settled as (": (tx, [dropId, called, before, sample]) => {
      const calls = t.call.all(tx).filter((row) => row.dropId === dropId && row.at <= (before as Date));
      const settled = planted === "waits-for-leavers" ? 0 : Math.max(0, ...calls.map((row) => row.called));
      const seen = standing(tx, dropId).filter(
        (place) => numberOf(place) > settled - (sample as number) && numberOf(place) <= (called as number),
      );
      const early = seen.filter((place) => numberOf(place) <= settled);
      return [
        {
          expected: seen.filter((place) => numberOf(place) > settled && place.askedAt === null).length,
          came: early.filter(({ askedAt }) => askedAt !== null).length,
          called: early.length,
        },
      ];
    },
    'select p.asked_product as "productId"': (tx, [dropId, since]) =>
      counted(
        standing(tx, dropId)
          .filter((place) => place.askedAt && place.askedAt > (since as Date) && !place.doneAt && !hasPass(tx, place))
          .map(({ askedProduct }) => askedProduct ?? ""),
        "asking",
      ),
    "select max(place_no) as next": (tx, [dropId, called, calls]) => {
      const next = standing(tx, dropId).filter((place) => numberOf(place) > (called as number));
      const last = next
        .toSorted(byNumber)
        .slice(0, calls as number)
        .at(-1);
      return [{ next: last ? numberOf(last) : null }];
    },
    "update room.place p set done_at = $2": (tx, [dropId, at, before]) => {
      const isOver = (place: PlaceRow) =>
        place.offeredUntil && place.offeredUntil <= (before as Date) && !place.doneAt && !hasPass(tx, place);
      return standing(tx, dropId)
        .filter(isOver)
        .map((place) => lockPlace(tx, place))
        .filter((place) => place.leftAt === null && isOver(place))
        .map((place) => {
          setPlace(tx, { ...place, doneAt: at as Date });
          return { seq: place.seq, userId: place.userId, placeNo: numberOf(place), until: place.offeredUntil };
        });
    },
    "select count(*) as open from room.place p": (tx, [dropId]) => {
      const open = standing(tx, dropId).filter((place) => place.offeredUntil && !place.doneAt && !hasPass(tx, place));
      return [{ open: open.length }];
    },
    "update room.place o set offered_until": (tx, [dropId, called, count, until]) => {
      const isNext = (place: PlaceRow) =>
        !place.doneAt && !place.offeredUntil && (numberOf(place) > (called as number) || place.askedAt !== null);
      const next = standing(tx, dropId).filter((place) => isNext(place) && !hasPass(tx, place));
      return next
        .toSorted(byNumber)
        .slice(0, count as number)
        .map((place) => lockPlace(tx, place))
        .map((place) => {
          setPlace(tx, { ...place, offeredUntil: until as Date });
          return { seq: place.seq, userId: place.userId, placeNo: numberOf(place), until };
        });
    },
    "insert into room.outbox": (tx, [texts]) => {
      for (const event of texts as string[]) {
        events += 1;
        t.roomEvents.put(tx, String(events), { id: events, event: JSON.parse(event) });
      }
      return [];
    },
    "update room.room set frozen_at = $2, frozen_size = $3": (tx, [dropId, frozenAt, frozenSize]) =>
      setRoom(tx, dropId, { frozenAt, frozenSize } as Partial<RoomRow>),
    "update room.place p set rank = n.rank": (tx, [dropId, ranks]) => {
      (ranks as number[]).forEach((rank, i) => {
        const place = t.place.lock(tx, `${dropId} ${i + 1}`);
        if (place) setPlace(tx, { ...place, rank });
      });
      return [];
    },
    "update room.room set order_kind = 'drawn'": (tx, [dropId]) => setRoom(tx, dropId, { orderKind: "drawn" }),
  };
}

function shownPass({ attempt, userId, productId, passId, orderId, expiresAt, renewed, state }: PassInRow) {
  return { attempt, userId, productId, passId, orderId, expiresAtMs: expiresAt.getTime(), renewed, state };
}

function counted(productIds: readonly string[], name: "kept" | "asking"): object[] {
  const groups = Map.groupBy(productIds, (productId) => productId);
  return Array.from(groups, ([productId, all]) => ({ productId, [name]: all.length }));
}
