/** Answers the routes by which outsiders check the order of a line. */
import type { FastifyReply } from "fastify";
import { rules } from "#fairness";
import type { Asked } from "#platform/http";
import { createKeptAnswers, sharedForASecond } from "#platform/kept-answers";
import { refuse } from "#platform/problems";
import type { LineDrop } from "./line-drop.ts";
import { details, roomProblems } from "./problems.ts";
import type { Signing } from "./published.ts";
import type { Room } from "./room.ts";
import type { ArrivalBody, DropParams, Sizes } from "./wire.ts";

type AskedOfOne = Asked<{ params: typeof DropParams }>;
type FileName = "roster" | "heads" | "calls" | "served";

/** Made once in this time for all who ask, milliseconds. */
const keptMs = 1_000;

export type FairHandlersOptions = { room: Room; signing: Signing };

export function createFairHandlers({ room, signing }: FairHandlersOptions) {
  function published(type: string, textOf: (drop: LineDrop) => Promise<string>) {
    const kept = createKeptAnswers({
      keptMs,
      async make(dropId) {
        const drop = await room.drawnDrop(dropId);
        return typeof drop === "string" ? undefined : textOf(drop);
      },
    });
    return async ({ params: { dropId } }: AskedOfOne, reply: FastifyReply) => {
      const text = await kept(dropId);
      if (text !== undefined)
        return reply.header("cache-control", sharedForASecond).type(`${type}; charset=utf-8`).send(text);
      const drop = await room.drawnDrop(dropId);
      return refused(reply, typeof drop === "string" ? drop : "no_draw");
    };
  }

  const fileOf = (name: FileName) => published("text/plain", ({ dropId }) => room.published[name](dropId));

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
    return reply.header("cache-control", sharedForASecond).send({ rules, publicKey: signing.publicKey, chain });
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
    getFairRecord: published("application/json", async (drop) => JSON.stringify(await room.published.record(drop))),
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
