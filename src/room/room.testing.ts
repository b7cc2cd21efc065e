/** Opens lines on a database of their own, with a clock and free units that a test sets. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { freezeMsOf } from "#drops";
import type { Sql } from "#engines/sql";
import { randomHex } from "#platform/ids";
import { openTestDatabase } from "../../test/support/database.ts";
import { migrate } from "../engines/sql/migrate.ts";
import { type Claim, createClaims } from "./claims.ts";
import { lineDropOf } from "./drop.testing.ts";
import type { LineDrop } from "./line-drop.ts";
import { modeOf } from "./line-drop.ts";
import { spendPasses } from "./pass-rows.ts";
import { createPlaces } from "./places.ts";
import { roomSchema } from "./room.ts";
import { createTurn } from "./turn.ts";

export type LineStage = Awaited<ReturnType<typeof openLineStage>>;

export async function openLineStage() {
  const database = await openTestDatabase();
  await migrate({ url: database.url, modules: [roomSchema] });
  const { sql } = database;

  /** A line of a drop that opened a minute ago and sells `lamp`. */
  function newLine(change: Partial<LineDrop> = {}, units: Record<string, number> = { lamp: 10 }) {
    const openedAtMs = Date.now();
    let nowMs = openedAtMs;
    const free = new Map(Object.entries(units));
    let isGateAway = false;
    const drop = lineDropOf([...free.keys()], {
      dropId: `drop-${randomHex(4)}`,
      opensAt: new Date(openedAtMs - 60_000),
      closesAt: new Date(openedAtMs + 7_200_000),
      ...change,
    });
    const { dropId } = drop;
    // Without an opening of its own, the roster is frozen when the test draws it.
    const freezesAtMs = change.opensAt ? freezeMsOf(drop) : Number.POSITIVE_INFINITY;
    const joiner = { dropId, mode: modeOf(drop), freezesAtMs };
    const now = () => nowMs;
    const orderIdOf = () => randomUUID();
    const freeOf = async () => (isGateAway ? undefined : free);

    /** One process of the shop. */
    function processOn(itsSql: Sql) {
      const places = createPlaces({ sql: itsSql, now });
      const claims = createClaims({ sql: itsSql, freeOf, orderIdOf, now });
      const turn = createTurn({ sql: itsSql, freeOf, pulse: async () => [], now });
      return {
        async join(userId: string) {
          const place = await places.join({ ...joiner, userId });
          assert.notEqual(place, "work_spent");
          return place as Exclude<typeof place, "work_spent">;
        },
        joinWithWork: (userId: string, workedAtMs: number) => places.join({ ...joiner, userId, workedAtMs }),
        leave: (userId: string) => places.leave(dropId, userId),
        placeOf: (userId: string) => places.of(dropId, userId),
        claim: (userId: string, claim: Partial<Claim> = {}, isOpen = true) =>
          claims.claim(
            { dropId, productIds: [...free.keys()], isOpen },
            { userId, productId: "lamp", renew: false, ...claim },
          ),
        turn: () => turn(drop),
      };
    }
    const first = processOn(sql);

    return {
      ...first,
      drop,
      dropId,
      free,
      processOn,
      other: processOn(sql),
      now,
      wait: (seconds: number) => {
        nowMs += seconds * 1_000;
      },
      setGateAway: (isAway: boolean) => {
        isGateAway = isAway;
      },
      /** The places that were given so far are the roster; `ranks` has the rank of each, in the order of seq. */
      async draw(ranks?: readonly number[]) {
        await sql.query(
          "update room.room set frozen_at = now(), frozen_size = last_seq, order_kind = $2 where drop_id = $1",
          [dropId, ranks ? "drawn" : "arrival"],
        );
        await sql.query(
          `update room.place p set rank = n.rank from unnest($2::bigint[]) with ordinality as n (rank, seq)
            where p.drop_id = $1 and p.seq = n.seq`,
          [dropId, ranks ?? []],
        );
      },
      async called() {
        const [room] = await sql.query<{ called: number }>("select called from room.room where drop_id = $1", [dropId]);
        return room?.called ?? 0;
      },
      async rate() {
        const [room] = await sql.query<{ rate: number }>("select rate from room.room where drop_id = $1", [dropId]);
        return room?.rate ?? 0;
      },
      /** The order takes its unit at the gate, and its event comes. */
      async order(orderId: string, productId = "lamp") {
        free.set(productId, (free.get(productId) ?? 0) - 1);
        await spendPasses(sql, [{ orderId, quantity: 1 }], new Date(nowMs));
      },
      async keptUnits() {
        const [row] = await sql.query<{ kept: number }>(
          `select (select count(*) from room.pass where drop_id = $1 and state in ('pending', 'live'))
                + (select count(*) from room.place p where drop_id = $1 and offered_until is not null
                     and done_at is null and left_at is null and not exists (select from room.pass a
                       where a.drop_id = p.drop_id and a.seq = p.seq and a.state in ('pending', 'live'))) as kept`,
          [dropId],
        );
        return row?.kept ?? 0;
      },
      async offered() {
        const rows = await sql.query<{ userId: string }>(
          `select user_id as "userId" from room.place where drop_id = $1 and offered_until > $2
            and done_at is null and left_at is null order by place_no`,
          [dropId, new Date(nowMs)],
        );
        return rows.map(({ userId }) => userId);
      },
      async events() {
        const rows = await sql.query<{ event: { id: string; what: string } }>(
          "select event from room.outbox where event->'data'->>'dropId' = $1 order by id",
          [dropId],
        );
        return rows.map(({ event }) => event);
      },
    };
  }

  return { sql, newLine, close: () => database.close() };
}
