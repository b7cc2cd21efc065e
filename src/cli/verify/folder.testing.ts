/** Writes evidence as the files that a shop publishes. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Evidence } from "#fairness";

/** The new folder; what people kept is in its `receipt.json`. */
export async function writeFolder(evidence: Evidence): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "dropgate-fair-"));
  const files = { ...textsOf(evidence), "receipt.json": JSON.stringify(evidence.kept) };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

/** By the file's name. */
export function textsOf({ record, shopKey, roster, heads, calls, served }: Evidence) {
  const shop = { rules: record.rules, publicKey: shopKey, chain: record.chain };
  return {
    "fair.json": JSON.stringify(record),
    "dropgate.json": JSON.stringify(shop),
    "roster.txt": textOf(roster),
    "heads.txt": textOf(heads.map(({ size, root, atMs, signature }) => `${size} ${root} ${atMs} ${signature}`)),
    "calls.txt": textOf(calls.map(({ atMs, called }) => `${atMs} ${called}`)),
    "served.txt": textOf(
      served.map(({ place, atMs, outcome, units }) => [place, atMs, outcome, ...(units ? [units] : [])].join(" ")),
    ),
  };
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}
