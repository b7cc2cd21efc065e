/** Answers the routes by which outsiders check the order of a line. */
import type { FastifyReply } from "fastify";
import { rules } from "#fairness";
import { elapsedMs } from "#platform/clock";
import type { Asked } from "#platform/http";
import { refuse } from "#platform/problems";
import { details, roomProblems } from "./problems.ts";
import type { Signing } from "./published.ts";
import type { Room } from "./room.ts";
import type { ArrivalBody, DropParams, Sizes } from "./wire.ts";

type AskedOfOne = Asked<{ params: typeof DropParams }>;
type FileName = "roster" | "heads" | "calls" | "served";

const shared = "public, max-age=1, stale-while-revalidate=5, stale-if-error=60";
/** Made once in this time for all who ask, milliseconds. */
const keptMs = 1_000;
const mostKept = 200;

export type FairHandlersOptions = { room: Room; signing: Signing };

export function createFairHandlers({ room, signing }: FairHandlersOptions) {
  const kept = new Map<string, { atMs: number; text: Promise<string> }>();

  function keptText(key: string, make: () => Promise<string>): Promise<string> {
    const known = kept.get(key);
    if (known && elapsedMs() - known.atMs < keptMs) return known.text;
    const text = make();
    kept.delete(key);
    kept.set(key, { atMs: elapsedMs(), text });
    text.catch(() => kept.delete(key));
    const oldest = kept.size > mostKept ? kept.keys().next().value : undefined;
    if (oldest !== undefined) kept.delete(oldest);
    return text;
  }

  async function getFairRecord(request: AskedOfOne, reply: FastifyReply) {
    const drop = await room.drawnDrop(request.params.dropId);
    if (typeof drop === "string") return refused(reply, drop);
    const text = await keptText(`${drop.dropId} record`, async () => JSON.stringify(await room.published.record(drop)));
    return reply.header("cache-control", shared).type("application/json; charset=utf-8").send(text);
  }

  const fileOf = (name: FileName) => async (request: AskedOfOne, reply: FastifyReply) => {
    const drop = await room.drawnDrop(request.params.dropId);
    if (typeof drop === "string") return refused(reply, drop);
    const text = await keptText(`${drop.dropId} ${name}`, () => room.published[name](drop.dropId));
    return reply.header("cache-control", shared).type("text/plain; charset=utf-8").send(text);
  };

  async function getConsistency(
    request: Asked<{ params: typeof DropParams; querystring: typeof Sizes }>,
    reply: FastifyReply,
  ) {
    const { from, to } = request.query;
    const drop = await room.drawnDrop(request.params.dropId);
    if (typeof drop === "string") return refused(reply, drop);
    const proof = await room.published.consistency(drop.dropId, from, to);
    return proof ? { from, to, proof } : refused(reply, "no_draw");
  }

  async function getShopKey(_request: unknown, reply: FastifyReply) {
    const chain = await room.publicChain();
    return reply.header("cache-control", shared).send({ rules, publicKey: signing.publicKey, chain });
  }

  async function endRoomWait(
    request: Asked<{ params: typeof DropParams; body: typeof ArrivalBody }>,
    reply: FastifyReply,
  ) {
    const ended = await room.endWait(request.params.dropId, request.body.reason);
    if (ended.ok) return { order: "arrival" };
    return refused(reply, ended.reason === "too_early" ? "draw_waits" : ended.reason);
  }

  return {
    getFairRecord,
    getRoster: fileOf("roster"),
    getHeads: fileOf("heads"),
    getCalls: fileOf("calls"),
    getServed: fileOf("served"),
    getConsistency,
    getShopKey,
    endRoomWait,
  };
}

function refused(reply: FastifyReply, reason: keyof typeof roomProblems) {
  return refuse(reply, roomProblems[reason], details[reason]);
}
