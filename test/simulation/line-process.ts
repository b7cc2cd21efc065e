/** A process's part in the line of a drop: src/room on the simulated books, gate and log. */
import type { EventLog } from "#engines/log";
import type { Sql } from "#engines/sql";
import type { Inventory } from "#inventory";
import { startLoop } from "#platform/loop";
import { orderIdFor } from "../../src/orders/ids.ts";
import { createClaims } from "../../src/room/claims.ts";
import { createExchange } from "../../src/room/exchange.ts";
import { freeUnits } from "../../src/room/free.ts";
import { startIntake } from "../../src/room/intake.ts";
import type { LineDrop } from "../../src/room/line-drop.ts";
import { spendPasses } from "../../src/room/pass-rows.ts";
import { createPlaces } from "../../src/room/places.ts";
import { lockRoom } from "../../src/room/room-rows.ts";
import { createTurn } from "../../src/room/turn.ts";
import type { Planted } from "./planted.ts";
import type { Random } from "./random.ts";

export type LineProcess = ReturnType<typeof createLineProcess>;

export type LineProcessOptions = {
  sql: Sql;
  inventory: Inventory;
  log: EventLog;
  ordersTopic: string;
  now(): number;
  onFault(what: string, error: unknown): void;
  planted: Planted | undefined;
};

/** The drop, and the moment at which its roster is frozen. `exchanging`: the chance of people who exchange passes. */
export type SimulatedLine = { drop: LineDrop; freezesAtMs: number; random: Random; exchanging: Random };

const turnEveryMs = 1_000;

export function createLineProcess(options: LineProcessOptions) {
  const { sql, inventory, log, ordersTopic, now, onFault, planted } = options;
  const freeOf = (productIds: readonly string[]) => freeUnits(inventory, productIds);
  const turn = createTurn({ sql, freeOf, pulse: async () => [], now });

  /** Places keep the order of their rank from then on; the others follow by arrival. */
  async function freezeAndDraw({ drop: { dropId }, freezesAtMs, random }: SimulatedLine): Promise<void> {
    await sql.transaction(async (tx) => {
      const room = await lockRoom(tx, dropId);
      if (!room || room.frozenAt !== null || room.lastSeq === 0 || now() < freezesAtMs) return;
      await tx.query("update room.room set frozen_at = $2, frozen_size = $3 where drop_id = $1", [
        dropId,
        new Date(now()),
        room.lastSeq,
      ]);
    });
    await sql.transaction(async (tx) => {
      const room = await lockRoom(tx, dropId);
      if (!room || room.frozenSize === null || (room.orderKind !== null && planted !== "drawn-twice")) return;
      const size = planted === "late-ranked" ? room.lastSeq : room.frozenSize;
      await tx.query(
        `update room.place p set rank = n.rank from unnest($2::bigint[]) with ordinality as n (rank, seq)
          where p.drop_id = $1 and p.seq = n.seq`,
        [dropId, shuffled(size, random)],
      );
      await tx.query("update room.room set order_kind = 'drawn' where drop_id = $1", [dropId]);
    });
  }

  return {
    places: createPlaces({ sql, now }),
    claims: createClaims({ sql, freeOf, orderIdOf: orderIdFor, now }),
    exchange: createExchange({ sql, freeOf, orderIdOf: orderIdFor, retire: inventory.retire, now }),

    async start(line: SimulatedLine): Promise<void> {
      await startIntake({
        log,
        topic: ordersTopic,
        group: "room-group",
        spend: (orders) => spendPasses(sql, orders, new Date(now())),
      });
      const work = async () => {
        if (now() < line.freezesAtMs) return;
        await freezeAndDraw(line);
        if (now() >= line.drop.opensAt.getTime()) await turn(line.drop);
      };
      startLoop({ everyMs: turnEveryMs, work, onFault: (error) => onFault("the line", error) });
    },
  };
}

function shuffled(size: number, random: Random): number[] {
  const ranks = Array.from({ length: size }, (_, i) => i + 1);
  return ranks.toSorted(() => random.next() - 0.5);
}
