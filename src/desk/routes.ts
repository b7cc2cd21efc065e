/** Serves the desk for trouble over HTTP: an ADMIN reads, replays and discards dead letters, and settles stuck sagas. */
import type { FastifyReply } from "fastify";
import { Type } from "typebox";
import { callerOf, type Identity } from "#identity";
import { cursorAt, pageOf, readCursor } from "#platform/cursors";
import type { Asked, Http } from "#platform/http";
import { isUuid } from "#platform/ids";
import { problemResponses } from "#platform/openapi";
import { refuse } from "#platform/problems";
import type { Opened } from "./black-box.ts";
import type { BlackBox, Desk, Handled, SagaAct } from "./desk.ts";
import { deskProblems, details } from "./problems.ts";
import type { Position } from "./sagas.ts";
import { actOf, boxOf, stuckOf, summaryOf, wholeOf } from "./view.ts";
import {
  BlackBoxParams,
  BlackBoxView,
  LetterList,
  LetterParams,
  LetterSummary,
  LettersQuery,
  LetterView,
  ReasonBody,
  SagaActView,
  SagaList,
  SagaParams,
  SagasQuery,
  SagaView,
} from "./wire.ts";

const pageSize = 20;

type OfLetter = Asked<{ params: typeof LetterParams }>;
type OfSaga = Asked<{ params: typeof SagaParams }>;

export type DeskRoutesOptions = { desk: Desk; blackBox: BlackBox; identity: Identity };

export function deskRoutes(app: Http, { desk: { letters, sagas }, blackBox, identity }: DeskRoutesOptions): void {
  const admin = { onRequest: identity.guard("ADMIN") };
  for (const schema of [LetterSummary, LetterView, SagaView]) app.addSchema(schema);
  app.get("/admin/dead-letters", { ...admin, schema: documents.letters }, listLetters);
  app.get("/admin/dead-letters/:letterId", { ...admin, schema: documents.letter }, readLetter);
  app.post("/admin/dead-letters/:letterId/replay", { ...admin, schema: documents.replay }, replayLetter);
  app.post("/admin/dead-letters/:letterId/discard", { ...admin, schema: documents.discard }, discardLetter);
  app.get("/admin/sagas", { ...admin, schema: documents.sagas }, listSagas);
  app.post("/admin/sagas/:orderId/retry", { ...admin, schema: documents.retry }, retrySaga);
  app.post("/admin/sagas/:orderId/end", { ...admin, schema: documents.end }, endSaga);

  app.get("/admin/black-box/:order", { ...admin, schema: documents.blackBox }, readBlackBox);

  async function listLetters(request: Asked<{ querystring: typeof LettersQuery }>) {
    const { state, cursor, limit = pageSize } = request.query;
    const before = cursor === undefined ? undefined : Number(cursor);
    const found = await letters.list({ state, before, limit: limit + 1 });
    const { shown, nextCursor } = pageOf(found, limit, ({ letterId }) => String(letterId));
    return { items: shown.map(summaryOf), nextCursor };
  }

  async function readLetter(request: OfLetter, reply: FastifyReply) {
    const letter = await letters.find(request.params.letterId);
    if (letter) return wholeOf(letter);
    return refuse(reply, deskProblems.dead_letter_not_found, details.dead_letter_not_found);
  }

  async function replayLetter(request: OfLetter, reply: FastifyReply) {
    return handled(await letters.replay(request.params.letterId, callerOf(request).userId), reply);
  }

  async function discardLetter(
    request: Asked<{ params: typeof LetterParams; body: typeof ReasonBody }>,
    reply: FastifyReply,
  ) {
    const { userId } = callerOf(request);
    return handled(await letters.discard(request.params.letterId, userId, request.body.reason), reply);
  }

  async function listSagas(request: Asked<{ querystring: typeof SagasQuery }>) {
    const { cursor, limit = pageSize } = request.query;
    const found = await sagas.list(cursor === undefined ? undefined : positionOf(cursor), limit + 1);
    const { shown, nextCursor } = pageOf(found, limit, ({ order }) => cursorAt(order.payBy, order.orderId));
    return { items: shown.map(stuckOf), nextCursor };
  }

  async function retrySaga(request: OfSaga, reply: FastifyReply) {
    const { orderId } = request.params;
    return acted(isUuid(orderId) ? await sagas.retry(orderId) : missing, reply);
  }

  async function endSaga(request: Asked<{ params: typeof SagaParams; body: typeof ReasonBody }>, reply: FastifyReply) {
    const { orderId } = request.params;
    return acted(isUuid(orderId) ? await sagas.end(orderId) : missing, reply);
  }

  async function readBlackBox(request: Asked<{ params: typeof BlackBoxParams }>, reply: FastifyReply) {
    const opened = await blackBox.read(request.params.order);
    return opened.ok
      ? boxOf(opened.box, identity.signing)
      : refuse(reply, deskProblems.order_not_found, whyNotFound(opened));
  }
}

function positionOf(cursor: string): Position {
  const { at: payBy, id: orderId } = readCursor(cursor);
  return { payBy, orderId };
}

const missing: SagaAct = { ok: false, reason: "order_not_found" };

function handled(answer: Handled, reply: FastifyReply) {
  return answer.ok ? wholeOf(answer.letter) : refuse(reply, deskProblems[answer.reason], details[answer.reason]);
}

function whyNotFound(opened: Exclude<Opened, { ok: true }>): string {
  if (opened.reason === "order_not_found") return details.order_not_found;
  if (opened.orderIds.length === 0)
    return "No order in the books has this short code. An order that is not settled is found by its id.";
  return `Several orders have this short code, ${opened.orderIds.join(" and ")} among them: ask by the id.`;
}

function acted(answer: SagaAct, reply: FastifyReply) {
  if (answer.ok) return actOf(answer.order);
  if (answer.reason === "saga_stands") return refuse(reply, deskProblems.saga_stands, answer.why);
  return refuse(reply, deskProblems[answer.reason], details[answer.reason]);
}

const tags = ["trouble"];
const ofLetter = { tags, params: LetterParams };
const ofSaga = { tags, params: SagaParams };
const { dead_letter_not_found, dead_letter_handled, dead_letter_incomplete } = deskProblems;
const { order_not_found, saga_not_stuck, saga_stands, order_ended, payment_undecided, order_paid } = deskProblems;

const documents = {
  blackBox: {
    tags,
    operationId: "getBlackBox",
    summary: "Everything that is known of one order, as one timeline with the source of each line",
    description:
      "Each part of the shop is asked at the same time, for 2 seconds at most. `away` names those that did not answer; the " +
      "answer has the lines of all others.",
    params: BlackBoxParams,
    response: { 200: BlackBoxView, ...problemResponses(order_not_found) },
  },
  letters: {
    tags,
    operationId: "listDeadLetters",
    summary: "Records that no consumer could handle, newest first",
    querystring: LettersQuery,
    response: { 200: LetterList },
  },
  letter: {
    ...ofLetter,
    operationId: "getDeadLetter",
    summary: "One dead letter with its value and its headers",
    response: { 200: Type.Ref("WholeDeadLetter"), ...problemResponses(dead_letter_not_found) },
  },
  replay: {
    ...ofLetter,
    operationId: "replayDeadLetter",
    summary: "Appends the record to its topic again, at the end",
    description:
      "Once, unless the process ends between the append and its mark: the letter waits then, and a second replay appends " +
      "the record again. Consumers tolerate that.",
    response: {
      200: Type.Ref("WholeDeadLetter"),
      ...problemResponses(dead_letter_not_found, dead_letter_handled, dead_letter_incomplete),
    },
  },
  discard: {
    ...ofLetter,
    operationId: "discardDeadLetter",
    summary: "Says why a dead letter needs no more work; the letter is kept",
    body: ReasonBody,
    response: {
      200: Type.Ref("WholeDeadLetter"),
      ...problemResponses(dead_letter_not_found, dead_letter_handled),
    },
  },
  sagas: {
    tags,
    operationId: "listStuckSagas",
    summary: "Open orders whose saga stands for more than 30 seconds, longest overdue first",
    querystring: SagasQuery,
    response: { 200: SagaList },
  },
  retry: {
    ...ofSaga,
    operationId: "retrySaga",
    summary: "Does now what the order waits for, and says what it still waits for",
    response: {
      200: SagaActView,
      ...problemResponses(order_not_found, saga_not_stuck, saga_stands, order_ended),
    },
  },
  end: {
    ...ofSaga,
    operationId: "endSaga",
    summary: "Ends a stuck order that is not paid; its units go back on sale",
    body: ReasonBody,
    response: {
      200: SagaActView,
      ...problemResponses(order_not_found, saga_not_stuck, order_ended, payment_undecided, order_paid),
    },
  },
};
