/** Answers the routes of lines: one handler for each route, under the route's name in routes.ts. */
import type { FastifyReply } from "fastify";
import { receiptText } from "#fairness";
import { callerOf, type Identity } from "#identity";
import type { Asked } from "#platform/http";
import { sharedForASecond } from "#platform/kept-answers";
import { refuse } from "#platform/problems";
import { details, roomProblems } from "./problems.ts";
import type { Asked as AskedForPass, ExchangeAnswer, PassRow, Place, Room } from "./room.ts";
import type { DropParams, ExchangeBody, JoinHeaders, PassBody, PassView, PlaceView } from "./wire.ts";
import { solvedAtMs } from "./work.ts";

type AskedOfOne = Asked<{ params: typeof DropParams }>;

export type RoomHandlersOptions = {
  room: Room;
  identity: Pick<Identity, "passes" | "challenges" | "signing">;
  now(): number;
};

export function createRoomHandlers({ room, identity, now }: RoomHandlersOptions) {
  async function getRoom(request: AskedOfOne, reply: FastifyReply) {
    const text = await room.stateOf(request.params.dropId);
    if (!text) return refused(reply, "drop_not_found");
    return reply.header("cache-control", sharedForASecond).type("application/json; charset=utf-8").send(text);
  }

  async function joinRoom(
    request: Asked<{ params: typeof DropParams; headers: typeof JoinHeaders }>,
    reply: FastifyReply,
  ) {
    const { dropId } = request.params;
    const { userId } = callerOf(request);
    const solution = request.headers["join-work"];
    const nowMs = now();
    const workedAtMs = solution && solvedAtMs(solution, { dropId, userId }, identity.challenges, nowMs);
    const joined = await room.join(dropId, userId, workedAtMs || undefined);
    if (joined.ok) return placeView(dropId, joined.place);
    if (joined.reason !== "work_required") return refused(reply, joined.reason);
    const { bits } = joined;
    const challenge = identity.challenges.sign({ dropId, userId, bits, issuedAtMs: nowMs });
    return refused(reply, "work_required", { extra: { challenge, bits } });
  }

  async function getPlace(request: AskedOfOne, reply: FastifyReply) {
    const { dropId } = request.params;
    const place = await room.placeOf(dropId, callerOf(request).userId);
    return place ? placeView(dropId, place) : refused(reply, "not_in_line");
  }

  async function leaveRoom(request: AskedOfOne, reply: FastifyReply) {
    const hasLeft = await room.leave(request.params.dropId, callerOf(request).userId);
    return hasLeft ? reply.code(204).send(null) : refused(reply, "not_in_line");
  }

  async function takePass(request: Asked<{ params: typeof DropParams; body: typeof PassBody }>, reply: FastifyReply) {
    const { productId, renew = false } = request.body;
    const { userId } = callerOf(request);
    const { dropId } = request.params;
    return passAnswer(reply, dropId, await room.askForPass(dropId, { userId, productId, renew }));
  }

  async function exchangePass(
    request: Asked<{ params: typeof DropParams; body: typeof ExchangeBody }>,
    reply: FastifyReply,
  ) {
    const { userId } = callerOf(request);
    const { dropId } = request.params;
    const pass = identity.passes.read(request.body.pass);
    if (!pass) return refused(reply, "pass_invalid");
    const { productId } = request.body;
    return passAnswer(reply, dropId, await room.exchangePass(dropId, { userId, passId: pass.passId, productId }));
  }

  function passAnswer(reply: FastifyReply, dropId: string, asked: AskedForPass | ExchangeAnswer) {
    if (asked.ok) return passView(dropId, asked.pass);
    const extra = asked.reason === "pass_spent" ? { orderId: asked.orderId } : undefined;
    const retryAfterSeconds = asked.reason === "not_your_turn" ? Math.ceil(asked.afterMs / 1_000) : undefined;
    return refused(reply, asked.reason, { extra, retryAfterSeconds });
  }

  /** The same text for the same pass, in every process and tab. */
  function passView(dropId: string, { passId, userId, productId, orderId, expiresAt, renewed }: PassRow): PassView {
    const expiresAtMs = expiresAt.getTime();
    return {
      pass: identity.passes.sign({ passId, userId, dropId, productId, expiresAtMs }),
      productId,
      orderId,
      expiresAt: expiresAt.toISOString(),
      renewable: !renewed,
    };
  }

  function placeView(dropId: string, place: Place): PlaceView {
    const { seq, joinedAt, offeredUntil, ...rest } = place;
    const ticket = place.ticket.toString("hex");
    const text = receiptText({ dropId, ticket, seq, joinedAtMs: joinedAt.getTime() });
    return {
      ...rest,
      dropId,
      seq,
      ticket,
      joinedAt: joinedAt.toISOString(),
      offeredUntil: offeredUntil?.toISOString() ?? null,
      receipt: { text, signature: identity.signing.sign(text) },
    };
  }

  return { getRoom, joinRoom, getPlace, leaveRoom, takePass, exchangePass };
}

function refused(
  reply: FastifyReply,
  reason: keyof typeof roomProblems,
  more: { extra?: Record<string, unknown> | undefined; retryAfterSeconds?: number | undefined } = {},
) {
  return refuse(reply, roomProblems[reason], details[reason], more);
}
