/** Joins the line of a drop, and does the work that the line may ask for. */
import type { Client } from "openapi-fetch";
import type { components, paths } from "./api.ts";
import { type Problem, problemOf } from "./problem.ts";
import { solveWork } from "./solve.ts";

export type JoinAnswer = { ok: true; place: components["schemas"]["RoomPlace"] } | { ok: false; problem: Problem };

/** A challenge may have run out, or the place that it gave may have been left. */
const triesAtMost = 3;
/** As long as for an order. Asked for again, the place is the same one. */
const answerWithinMs = 12_000;

/** @throws the fault of the network, or a `TimeoutError` if no answer comes. */
export async function joinLine(api: Client<paths>, dropId: string): Promise<JoinAnswer> {
  let header: { "join-work"?: string } = {};
  for (let tries = 0; ; tries += 1) {
    const params = { path: { dropId }, header };
    const signal = AbortSignal.timeout(answerWithinMs);
    const { data, error, response } = await api.POST("/drops/{dropId}/room", { params, signal });
    if (data) return { ok: true, place: data };
    const problem = problemOf(error, response);
    const { challenge, bits } = problem as Problem & { challenge?: string; bits?: number };
    if (challenge === undefined || bits === undefined || tries === triesAtMost) return { ok: false, problem };
    header = { "join-work": await solveWork(challenge, bits) };
  }
}
