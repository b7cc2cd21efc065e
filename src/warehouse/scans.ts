/** The scans of a parcel: each counts once, whether it is sent at once, twice or later. */
import type { Queryable, Tx } from "#engines/sql";
import { countScan, type Parcel } from "./parcel-rows.ts";
import type { ScanResult } from "./wire.ts";

export type Scan = { scanId: string; orderId: string; code: string; result: ScanResult; actor: string; at: Date };
export type NewScan = Pick<Scan, "scanId" | "orderId" | "code" | "actor">;

const columns = `scan_id as "scanId", order_id as "orderId", code, result, actor, at`;
const shownAtMost = 20;

/**
 * The caller has locked the parcel. `repeated`: this scan was stored before. undefined: its id belongs to another scan.
 */
export async function takeScan(
  tx: Tx,
  parcel: Parcel,
  scan: NewScan,
  barcode: string,
  at: Date,
): Promise<{ result: ScanResult; repeated: boolean } | undefined> {
  const standing = await readScan(tx, scan.scanId);
  if (standing) return isSame(standing, scan) ? { result: standing.result, repeated: true } : undefined;
  const result = judge(parcel, scan.code, barcode);
  const inserted = await tx.query(
    `insert into warehouse.scan (scan_id, order_id, code, result, actor, at) values ($1, $2, $3, $4, $5, $6)
     on conflict do nothing returning scan_id`,
    [scan.scanId, scan.orderId, scan.code, result, scan.actor, at],
  );
  // Sent at the same moment for another parcel.
  if (inserted.length === 0) return undefined;
  if (result === "right") await countScan(tx, scan.orderId, scan.actor, at);
  return { result, repeated: false };
}

function judge({ state, scanned, quantity }: Parcel, code: string, barcode: string): ScanResult {
  if (state === "cancelled" || state === "short") return "cancelled";
  if (code !== barcode) return "wrong";
  return scanned === quantity ? "surplus" : "right";
}

function isSame(one: NewScan, other: NewScan): boolean {
  return one.orderId === other.orderId && one.code === other.code;
}

async function readScan(sql: Queryable, scanId: string): Promise<Scan | undefined> {
  const [scan] = await sql.query<Scan>(`select ${columns} from warehouse.scan where scan_id = $1`, [scanId]);
  return scan;
}

/** The latest first. */
export async function readScans(sql: Queryable, orderId: string): Promise<Scan[]> {
  return sql.query<Scan>(
    `select ${columns} from warehouse.scan where order_id = $1 order by at desc, scan_id limit $2`,
    [orderId, shownAtMost],
  );
}
