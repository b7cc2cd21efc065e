/** Reads and writes how a line was frozen and drawn. */
import type { Chain } from "#engines/beacon";
import type { Queryable, Tx } from "#engines/sql";
import type { Mode } from "./room-rows.ts";

export type DrawRow = {
  mode: Mode;
  lastSeq: number;
  frozenAt: Date | null;
  frozenSize: number | null;
  root: Buffer | null;
  chain: Chain | null;
  promisedRound: number | null;
  round: number | null;
  seed: Buffer | null;
  beaconSignature: string | null;
  drawnAt: Date | null;
  orderKind: "drawn" | "arrival" | null;
  arrivalReason: string | null;
};

const columns = `mode, last_seq as "lastSeq", frozen_at as "frozenAt", frozen_size as "frozenSize", root, chain,
  promised_round as "promisedRound", round, seed, beacon_signature as "beaconSignature", drawn_at as "drawnAt",
  order_kind as "orderKind", arrival_reason as "arrivalReason"`;

export async function readDraw(sql: Queryable, dropId: string): Promise<DrawRow | undefined> {
  const [row] = await sql.query<DrawRow>(`select ${columns} from room.room where drop_id = $1`, [dropId]);
  return row;
}

/** Joins and other processes wait until the transaction ends. */
export async function lockDraw(tx: Tx, dropId: string): Promise<DrawRow | undefined> {
  const [row] = await tx.query<DrawRow>(`select ${columns} from room.room where drop_id = $1 for update`, [dropId]);
  return row;
}

export type Frozen = { size: number; root: Buffer; at: Date; chain: Chain; promisedRound: number; round: number };

export async function noteFreeze(tx: Tx, dropId: string, frozen: Frozen): Promise<void> {
  const { size, root, at, chain, promisedRound, round } = frozen;
  await tx.query(
    `update room.room set frozen_at = $2, frozen_size = $3, root = $4, chain = $5, promised_round = $6, round = $7
      where drop_id = $1`,
    [dropId, at, size, root, JSON.stringify(chain), promisedRound, round],
  );
}

export type Drawn = { seed: Buffer; signature: string; at: Date; ranks: readonly number[] };

/** `ranks`: of each place, in the order of the numbers. */
export async function noteDraw(tx: Tx, dropId: string, { seed, signature, at, ranks }: Drawn): Promise<void> {
  await tx.query(
    `update room.place p set rank = n.rank from unnest($2::bigint[]) with ordinality as n (rank, seq)
      where p.drop_id = $1 and p.seq = n.seq`,
    [dropId, ranks],
  );
  await tx.query(
    `update room.room set order_kind = 'drawn', seed = $2, beacon_signature = $3, drawn_at = $4 where drop_id = $1`,
    [dropId, seed, signature, at],
  );
}

export async function noteArrival(tx: Tx, dropId: string, reason: string, at: Date): Promise<void> {
  await tx.query(`update room.room set order_kind = 'arrival', arrival_reason = $2, drawn_at = $3 where drop_id = $1`, [
    dropId,
    reason,
    at,
  ]);
}

export type HeadRow = { size: number; root: Buffer; at: Date };

/** The newest first. */
export function readHeads(sql: Queryable, dropId: string, atMost: number): Promise<HeadRow[]> {
  return sql.query<HeadRow>("select size, root, at from room.head where drop_id = $1 order by size desc limit $2", [
    dropId,
    atMost,
  ]);
}

export async function insertHead(sql: Queryable, dropId: string, { size, root, at }: HeadRow): Promise<void> {
  await sql.query("insert into room.head (drop_id, size, root, at) values ($1, $2, $3, $4) on conflict do nothing", [
    dropId,
    size,
    root,
    at,
  ]);
}
