/** Publishes how the order of a line was made, which lets outsiders check it: see docs/guide/fair.md. */
import { createHash } from "node:crypto";
import { freezeMsOf } from "#drops";
import type { Chain } from "#engines/beacon";
import type { Sql } from "#engines/sql";
import { type FairRecord, headText, hexOf, promisedRoundOf, rootText, rules, type Signed } from "#fairness";
import type { Inventory } from "#inventory";
import { type DrawRow, type HeadRow, readDraw, readHeads } from "./draw-rows.ts";
import type { LineDrop } from "./line-drop.ts";
import { readTickets, type Trees } from "./roster.ts";

export type Signing = { publicKey: string; sign(text: string): string };
export type PublishedOptions = {
  sql: Sql;
  signing: Signing;
  trees: Trees;
  chainOf(drop: LineDrop): Promise<Chain>;
  orderedUnits: Inventory["books"]["products"]["orderedUnits"];
  now(): number;
};

export type Published = {
  record(drop: LineDrop): Promise<FairRecord>;
  /** A ticket a line, in order of the numbers. */
  roster(dropId: string): Promise<string>;
  heads(dropId: string): Promise<string>;
  calls(dropId: string): Promise<string>;
  served(dropId: string): Promise<string>;
  /** Undefined if the line has no two such sizes. */
  consistency(dropId: string, from: number, to: number): Promise<string[] | undefined>;
};

const headsAtMost = 1_000;
const emptyReason = "no one had joined before the freeze";

export function createPublished({ sql, signing, trees, chainOf, orderedUnits, now }: PublishedOptions): Published {
  function signedHead(dropId: string, { size, root, at }: HeadRow): FairRecord["head"] {
    const head = { size, root: hexOf(root), atMs: at.getTime() };
    return { ...head, signature: signing.sign(headText({ dropId, ...head })) };
  }

  function signedRoot(dropId: string, { frozenAt, frozenSize, root, chain, promisedRound, round }: DrawRow) {
    if (!frozenAt || frozenSize === null || !root || !chain || promisedRound === null || round === null) return null;
    const names = { chain: chain.hash, promisedRound, round };
    const text = { size: frozenSize, root: hexOf(root), atMs: frozenAt.getTime(), ...names };
    return { ...text, signature: signing.sign(rootText({ dropId, ...text })) } satisfies Signed<typeof text>;
  }

  /** Null while the drop is open: each order would change it. */
  async function readOrdered({ products, opensAt, closesAt }: LineDrop): Promise<FairRecord["ordered"]> {
    const atMs = now();
    const untilMs = closesAt.getTime();
    if (atMs < untilMs) return null;
    const productIds = products.map(({ productId }) => productId);
    return { units: await orderedUnits(productIds, opensAt, closesAt), untilMs, atMs };
  }

  return {
    async record(drop) {
      const { dropId, opensAt } = drop;
      const line = await readDraw(sql, dropId);
      const chain = line?.chain ?? (await chainOf(drop));
      const [newest] = await readHeads(sql, dropId, 1);
      return {
        rules,
        dropId,
        publicKey: signing.publicKey,
        chain,
        opensAtMs: opensAt.getTime(),
        freezesAtMs: freezeMsOf(drop),
        promisedRound: line?.promisedRound ?? promisedRoundOf(chain, opensAt.getTime()),
        head: newest ? signedHead(dropId, newest) : null,
        root: line ? signedRoot(dropId, line) : null,
        draw: line ? drawOf(line) : null,
        ordered: await readOrdered(drop),
      };
    },

    async roster(dropId) {
      const line = await readDraw(sql, dropId);
      return textOf((await readTickets(sql, dropId, 0, line?.lastSeq ?? 0)).map(hexOf));
    },

    async heads(dropId) {
      const heads = (await readHeads(sql, dropId, headsAtMost)).map((head) => signedHead(dropId, head));
      return textOf(
        heads.flatMap((head) => (head ? [`${head.size} ${head.root} ${head.atMs} ${head.signature}`] : [])),
      );
    },

    /** Calls only go up, so one that is dated before an earlier one was written after the clock had been set back. */
    async calls(dropId) {
      const rows = await sql.query<{ at: Date; called: number }>(
        "select max(at) over (order by called) as at, called from room.call where drop_id = $1 order by called",
        [dropId],
      );
      return textOf(rows.map(({ at, called }) => `${at.getTime()} ${called}`));
    },

    async served(dropId) {
      const rows = await sql.query<{ placeNo: number; at: Date; state: string; quantity: number | null }>(
        `select p.place_no as "placeNo", a.issued_at as at, a.state, a.quantity
           from room.pass a join room.place p using (drop_id, seq)
          where a.drop_id = $1 order by a.issued_at, p.place_no`,
        [dropId],
      );
      return textOf(
        rows.map(({ placeNo, at, state, quantity }) =>
          [placeNo, at.getTime(), state, ...(quantity === null ? [] : [quantity])].join(" "),
        ),
      );
    },

    async consistency(dropId, from, to) {
      const line = await readDraw(sql, dropId);
      if (!line || from < 1 || from > to || to > line.lastSeq) return undefined;
      return (await trees.of(sql, dropId, to)).consistency(from, to).map(hexOf);
    },
  };
}

function drawOf(line: DrawRow): FairRecord["draw"] {
  const { orderKind, drawnAt, arrivalReason, round, beaconSignature, seed } = line;
  if (orderKind === null || !drawnAt) return null;
  const atMs = drawnAt.getTime();
  if (orderKind === "arrival") return { order: "arrival", atMs, reason: arrivalReason ?? emptyReason };
  if (round === null || beaconSignature === null || !seed) return null;
  const randomness = createHash("sha256").update(Buffer.from(beaconSignature, "hex")).digest("hex");
  return { order: "beacon", atMs, round, signature: beaconSignature, randomness, seed: hexOf(seed) };
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}
