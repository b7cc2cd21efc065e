/** The hash that links a row of the audit to the row before it. */
import { createHash } from "node:crypto";

export type Row = {
  seq: number;
  at: Date;
  actor: string;
  action: string;
  subject: string;
  phase: "intent" | "done" | "refused" | "failed";
  intentSeq: number | null;
  /** JSON. */
  detail: string;
  /** The hash of the row before. */
  prev: string;
};

export type Link = { seq: number; hash: string };

/** Stands before the first row. */
export const firstPrev = "0".repeat(64);

/** SHA-256 over all columns as one JSON list, so that no two rows are written alike. */
export function hashOf({ seq, at, actor, action, subject, phase, intentSeq, detail, prev }: Row): string {
  const columns = [prev, seq, at.toISOString(), actor, action, subject, phase, intentSeq, detail];
  return createHash("sha256").update(JSON.stringify(columns)).digest("hex");
}
