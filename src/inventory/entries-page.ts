/** Answers the list of a product's stock entries, page by page. */
import type { FastifyReply } from "fastify";
import { pageOf, unknownCursor } from "#platform/cursors";
import type { Asked } from "#platform/http";
import { refuse } from "#platform/problems";
import type { EntryPosition } from "./books/entry-list.ts";
import type { Products } from "./books/products.ts";
import { details, inventoryProblems } from "./problems.ts";
import type { LedgerQuery, ProductParams } from "./wire.ts";

const pageSize = 50;

export function createEntriesPage(products: Products) {
  return async function listEntries(
    request: Asked<{ params: typeof ProductParams; querystring: typeof LedgerQuery }>,
    reply: FastifyReply,
  ) {
    const { productId } = request.params;
    const { cursor, limit = pageSize } = request.query;
    const after = cursor === undefined ? undefined : positionOf(cursor);
    const known = await products.find(productId);
    if (known !== "known") return refuse(reply, inventoryProblems[known], details[known]);
    const found = await products.entriesOf(productId, after, limit + 1);
    const { shown, nextCursor } = pageOf(found, limit, cursorOf);
    return {
      items: shown.map(({ at, actor, kind, quantity, reason, ref }) => ({
        at: at.toISOString(),
        actor,
        ...(kind !== null && { kind }),
        delta: quantity,
        reason,
        ref,
      })),
      nextCursor,
    };
  };
}

function cursorOf({ seq, ref }: EntryPosition): string {
  return Buffer.from(`${seq} ${ref}`).toString("base64url");
}

function positionOf(cursor: string): EntryPosition {
  const [, seq, ref = ""] = /^(\d{1,15}) ([\x20-\x7e]+)$/.exec(Buffer.from(cursor, "base64url").toString()) ?? [];
  if (seq === undefined) throw unknownCursor();
  return { seq: Number(seq), ref };
}
