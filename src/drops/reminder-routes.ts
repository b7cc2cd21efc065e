/** The routes of reminders: a signed-in person asks for a mail before a drop opens, takes that back, and sees it. */
import type { FastifyReply } from "fastify";
import { Type } from "typebox";
import { callerOf, type Identity } from "#identity";
import type { Asked, Http } from "#platform/http";
import { problemResponses } from "#platform/openapi";
import { refuse } from "#platform/problems";
import { details, dropProblems } from "./problems.ts";
import type { Reminders } from "./reminders.ts";
import { DropParams, ReminderView } from "./wire.ts";

type AskedOfOne = Asked<{ params: typeof DropParams }>;

export function reminderRoutes(app: Http, { reminders, identity }: { reminders: Reminders; identity: Identity }): void {
  const limited = { onRequest: identity.limitedGuard("CUSTOMER") };
  const path = "/drops/:dropId/reminder";
  app.get(path, { onRequest: identity.guard("CUSTOMER"), schema: documents.get }, get);
  app.put(path, { ...limited, schema: documents.put }, put);
  app.delete(path, { ...limited, schema: documents.remove }, remove);

  async function get(request: AskedOfOne) {
    return { asked: await reminders.isAsked(request.params.dropId, callerOf(request).userId) };
  }

  async function put(request: AskedOfOne, reply: FastifyReply) {
    const asked = await reminders.ask(request.params.dropId, callerOf(request).userId);
    return asked.ok ? { asked: true } : refuse(reply, dropProblems[asked.reason], details[asked.reason]);
  }

  async function remove(request: AskedOfOne, reply: FastifyReply) {
    await reminders.withdraw(request.params.dropId, callerOf(request).userId);
    return reply.code(204).send(null);
  }
}

const { drop_not_found, reminder_too_late, no_mail_address } = dropProblems;
const tags = ["drops"];

const documents = {
  get: {
    tags,
    operationId: "getReminder",
    summary: "Whether you asked for a mail before the drop opens",
    params: DropParams,
    response: { 200: ReminderView },
  },
  put: {
    tags,
    operationId: "askForReminder",
    summary: "Asks for one mail, a quarter of an hour before the drop opens",
    params: DropParams,
    response: { 200: ReminderView, ...problemResponses(drop_not_found, reminder_too_late, no_mail_address) },
  },
  remove: {
    tags,
    operationId: "takeReminderBack",
    summary: "Takes back the wish for a mail that has not been sent",
    params: DropParams,
    response: { 204: Type.Null({ description: "No mail comes" }) },
  },
};
