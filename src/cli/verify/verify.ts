/** Checks the order of a drop's line from outside, and prints a line a check. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type Check, type Tools, verify } from "#fairness";
import { isRound } from "#platform/bls";
import { isSigned } from "#platform/ed25519";
import { plural } from "#platform/plural";
import { messageOf } from "#platform/thrown";
import { Refused } from "../ask.ts";
import { shown } from "../shown.ts";
import { readEvidence } from "./evidence.ts";
import { keepPublished, readPublished } from "./published.ts";

export type VerifyOptions = {
  /** A drop's address, or a folder. */
  where: string;
  /** A file of what a waiting page keeps. */
  receipt: string | undefined;
  /** A folder to keep in what was read. */
  keep: string | undefined;
};

const tools: Tools = { sha256: (bytes) => createHash("sha256").update(bytes).digest(), isSigned, isRound };
const signs: Record<Check["outcome"], string> = { holds: "✓", fails: "✗", unknown: "·", warns: "!" };

/** Whether no check fails. */
export async function verifyLine(
  { where, receipt, keep }: VerifyOptions,
  print: (line: string) => void,
): Promise<boolean> {
  const published = await readPublished(where);
  if (keep !== undefined) await keepPublished(published, keep);
  const kept = receipt === undefined ? undefined : await readReceipt(receipt);
  const checks = verify(readEvidence(published, kept), tools);
  for (const { check, outcome, says } of checks) print(`${signs[outcome]} ${check.padEnd(9)} ${shown(says)}`);
  const failed = checks.filter(({ outcome }) => outcome === "fails").length;
  print(failed === 0 ? "No check failed." : `${plural(failed, "check", "checks")} failed.`);
  return failed === 0;
}

async function readReceipt(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new Refused(`the receipt ${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
}
