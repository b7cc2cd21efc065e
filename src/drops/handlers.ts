/** Handles each route of drops: one handler a route, under the route's name in routes.ts. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { callerOf, type Identity } from "#identity";
import { etagOf, holdsAlready, ifMatchVersions } from "#platform/etag";
import type { Asked } from "#platform/http";
import { sharedForASecond } from "#platform/kept-answers";
import { Problem, refuse } from "#platform/problems";
import { identityProblems } from "#problems/identity";
import { calendarOf } from "./calendar.ts";
import type { Changed, Drop, Drops } from "./drops.ts";
import { createLive } from "./live.ts";
import { details, dropProblems } from "./problems.ts";
import { newDropOf, patchOf, viewOf } from "./view.ts";
import type {
  CancelBody,
  ChangesQuery,
  CopyBody,
  DraftsQuery,
  DropBody,
  DropParams,
  EndBody,
  IfMatch,
  PatchBody,
  PauseBody,
  ScheduleBody,
} from "./wire.ts";

type AskedOfOne = Asked<{ params: typeof DropParams }>;
type WithDrafts = { querystring: typeof DraftsQuery };

const shared = "public, max-age=5, stale-while-revalidate=30";

export type DropHandlersOptions = { drops: Drops; identity: Identity; publicUrl: string | undefined; now(): number };

export function createDropHandlers({ drops, identity, publicUrl, now }: DropHandlersOptions) {
  const live = createLive({ drops, now });

  async function listDrops(request: Asked<WithDrafts>, reply: FastifyReply) {
    const isAdmin = seesDrafts(request);
    const listed = await drops.list(isAdmin);
    const units = await drops.units(listed);
    reply.header("cache-control", isAdmin ? "no-store" : shared).header("vary", "authorization");
    return { items: listed.map((drop) => viewOf(drop, units, now())), nextCursor: null };
  }

  async function getDrop(request: Asked<{ params: typeof DropParams } & WithDrafts>, reply: FastifyReply) {
    const isAdmin = seesDrafts(request);
    const drop = await drops.get(request.params.dropId);
    if (!drop || (drop.state === "draft" && !isAdmin)) return notFound(reply);
    reply.header("cache-control", isAdmin ? "no-store" : shared).header("vary", "authorization");
    reply.header("etag", etagOf(drop));
    return viewOf(drop, await drops.units([drop]), now());
  }

  async function getDropLive(request: AskedOfOne, reply: FastifyReply) {
    const text = await live.of(request.params.dropId);
    if (!text) return notFound(reply);
    return reply.header("cache-control", sharedForASecond).type("application/json; charset=utf-8").send(text);
  }

  async function listDropChanges(
    request: Asked<{ params: typeof DropParams; querystring: typeof ChangesQuery }>,
    reply: FastifyReply,
  ) {
    const drop = await announcedDrop(request);
    if (!drop) return notFound(reply);
    reply.header("cache-control", shared).header("etag", etagOf(drop));
    if (holdsAlready(request.headers["if-none-match"], drop)) return reply.code(304).send();
    const { changes, nextCursor } = await drops.changes(drop.dropId, request.query.cursor);
    return { items: changes.map((change) => ({ ...change, at: change.at.toISOString() })), nextCursor };
  }

  async function getDropCalendar(request: AskedOfOne, reply: FastifyReply) {
    const drop = await announcedDrop(request);
    if (!drop) return notFound(reply);
    return calendar(request, reply, [drop]);
  }

  async function getCalendar(request: Asked<object>, reply: FastifyReply) {
    const announced = await drops.list(false);
    return calendar(
      request,
      reply,
      announced.filter(({ closesAt }) => closesAt.getTime() > now()),
    );
  }

  function calendar({ host }: Pick<FastifyRequest, "host">, reply: FastifyReply, some: readonly Drop[]) {
    reply.header("cache-control", shared).type("text/calendar; charset=utf-8");
    return calendarOf(some, publicUrl === undefined ? host : new URL(publicUrl).host, new Date(now()));
  }

  async function addDrop(request: Asked<{ body: typeof DropBody }>, reply: FastifyReply) {
    const { dropId } = request.body;
    return made(reply, await drops.create(newDropOf(request.body), dropId));
  }

  async function copyDrop(request: Asked<{ params: typeof DropParams; body: typeof CopyBody }>, reply: FastifyReply) {
    return made(reply, await drops.copy(request.params.dropId, request.body.dropId));
  }

  async function changeDrop(
    request: Asked<{ params: typeof DropParams; headers: typeof IfMatch; body: typeof PatchBody }>,
    reply: FastifyReply,
  ) {
    const { dropId } = request.params;
    const drop = await drops.get(dropId);
    if (!drop) return notFound(reply);
    const asked = ifMatchVersions(request.headers["if-match"]);
    // The patch was checked against this version, so it is made on no other.
    const expected = asked ?? [drop.version];
    return answer(reply, await drops.change(dropId, patchOf(drop, request.body), actOf(request), expected));
  }

  async function scheduleDrop(
    request: Asked<{ params: typeof DropParams; body: typeof ScheduleBody }>,
    reply: FastifyReply,
  ) {
    const { force = false, reason } = request.body;
    return answer(reply, await drops.schedule(request.params.dropId, { ...actOf(request, reason), force }));
  }

  async function pauseDrop(request: Asked<{ params: typeof DropParams; body: typeof PauseBody }>, reply: FastifyReply) {
    const { paused, reason } = request.body;
    return answer(reply, await drops.pause(request.params.dropId, paused, actOf(request, reason)));
  }

  async function endDrop(request: Asked<{ params: typeof DropParams; body: typeof EndBody }>, reply: FastifyReply) {
    return answer(reply, await drops.closeEarly(request.params.dropId, actOf(request, request.body.reason)));
  }

  async function cancelDrop(
    request: Asked<{ params: typeof DropParams; body: typeof CancelBody }>,
    reply: FastifyReply,
  ) {
    return answer(reply, await drops.cancel(request.params.dropId, actOf(request, request.body.reason)));
  }

  async function checkDrop(request: AskedOfOne, reply: FastifyReply) {
    const drop = await drops.get(request.params.dropId);
    return drop ? { checks: await drops.preflight(drop) } : notFound(reply);
  }

  async function checkCancellation(request: AskedOfOne, reply: FastifyReply) {
    const drop = await drops.get(request.params.dropId);
    if (!drop) return notFound(reply);
    const found = await drops.cancellation(drop);
    if (!found) return refuse(reply, dropProblems.drop_not_scheduled, details.drop_not_scheduled);
    return { orders: found.map(({ refundMinor, ...rest }) => ({ ...rest, refund: refundMinor })) };
  }

  function made(reply: FastifyReply, changed: Changed) {
    if (changed.ok) reply.code(201).header("location", `/drops/${changed.drop.dropId}`);
    return answer(reply, changed);
  }

  async function answer(reply: FastifyReply, changed: Changed) {
    if (changed.ok) {
      const { drop, holds } = changed;
      if (!holds) return refuse(reply, dropProblems.gate_unavailable, details.gate_unavailable);
      reply.header("etag", etagOf(drop)).header("cache-control", "no-store");
      return viewOf(drop, await drops.units([drop]), now());
    }
    const { reason, checks, productId } = changed;
    const extra = { ...(checks && { checks }), ...(productId !== undefined && { productId }) };
    return refuse(reply, dropProblems[reason], details[reason], { extra });
  }

  function notFound(reply: FastifyReply) {
    return refuse(reply, dropProblems.drop_not_found, details.drop_not_found);
  }

  async function announcedDrop({ params }: AskedOfOne): Promise<Drop | undefined> {
    const drop = await drops.get(params.dropId);
    return drop?.state === "draft" ? undefined : drop;
  }

  /**
   * An ADMIN's token says it, or `drafts`, which a browser sends: the address without it is the public's, in every cache.
   * The routes are open, so a caller without `drafts` whose token is refused is one of the public.
   * @throws Problem if another caller asks for drafts.
   */
  function seesDrafts({ headers, query }: Asked<WithDrafts>): boolean {
    if (query.drafts) {
      if (identity.authenticate(headers).roles.includes("ADMIN")) return true;
      throw new Problem(identityProblems.forbidden, "Drafts need the role ADMIN");
    }
    if (headers.authorization === undefined) return false;
    try {
      return identity.authenticate(headers).roles.includes("ADMIN");
    } catch {
      return false;
    }
  }

  return {
    listDrops,
    getDrop,
    getDropLive,
    listDropChanges,
    getDropCalendar,
    getCalendar,
    addDrop,
    copyDrop,
    changeDrop,
    scheduleDrop,
    pauseDrop,
    endDrop,
    cancelDrop,
    checkDrop,
    checkCancellation,
  };
}

function actOf(request: Parameters<typeof callerOf>[0], reason?: string) {
  return { actor: callerOf(request).userId, reason };
}
