/** Lists the routes for an ADMIN over accounts, the audit and the mails. */
import type { FastifyReply } from "fastify";
import { Type } from "typebox";
import type { MailEngine, QueuedMail } from "#engines/mail";
import { etagOf, ifMatchVersions } from "#platform/etag";
import type { Asked, Http } from "#platform/http";
import { type Guard, problemResponses } from "#platform/openapi";
import { refuse } from "#platform/problems";
import type { Account } from "./accounts/account-rows.ts";
import type { Accounts } from "./accounts/accounts.ts";
import { callerOf } from "./caller.ts";
import { sessionList } from "./handlers.ts";
import { identityProblems } from "./problems.ts";
import {
  AuditAnswer,
  AuditQuery,
  MailAnswer,
  MailParams,
  MailsAnswer,
  MailsQuery,
  SessionsAnswer,
  SessionsQuery,
  UserAnswer,
  UserHeaders,
  UserParams,
  UserPatch,
  UserSessionParams,
  UsersAnswer,
  UsersQuery,
} from "./wire.ts";

const { mail_not_found, mail_not_failed, account_not_found, last_admin, session_not_found, version_mismatch } =
  identityProblems;

export type AdminRoutesOptions = { accounts: Accounts; mail: MailEngine; adminOnly: Guard };

export function adminRoutes(app: Http, { accounts, mail, adminOnly }: AdminRoutesOptions): void {
  app.addSchema(UserAnswer);
  app.addSchema(MailAnswer);
  app.get("/admin/users", { onRequest: adminOnly, schema: documents.listUsers }, listUsers);
  // The handler's own intent says what the account was before.
  const whole = { config: { auditsItself: true } } as const;
  app.patch("/admin/users/:userId", { ...whole, onRequest: adminOnly, schema: documents.changeUser }, changeUser);
  app.get("/admin/users/:userId/sessions", { onRequest: adminOnly, schema: documents.userSessions }, listUserSessions);
  app.delete(
    "/admin/users/:userId/sessions/:sessionId",
    { onRequest: adminOnly, schema: documents.endUserSession },
    endUserSession,
  );
  app.get("/admin/audit", { onRequest: adminOnly, schema: documents.listAudit }, listAudit);
  app.get("/admin/mails", { onRequest: adminOnly, schema: documents.listMails }, listMails);
  app.get("/admin/mails/:seq", { onRequest: adminOnly, schema: documents.readMail }, readMail);
  app.post("/admin/mails/:seq/resend", { onRequest: adminOnly, schema: documents.resendMail }, resendMail);

  async function listUsers(request: Asked<{ querystring: typeof UsersQuery }>) {
    const { q, cursor: after = "", limit = 50 } = request.query;
    const items = await accounts.users({ q, after, limit });
    return { items: items.map(answerOf), nextCursor: items.length < limit ? null : (items.at(-1)?.accountId ?? null) };
  }

  async function changeUser(
    request: Asked<{ params: typeof UserParams; headers: typeof UserHeaders; body: typeof UserPatch }>,
    reply: FastifyReply,
  ) {
    const { userId } = request.params;
    const asked = ifMatchVersions(request.headers["if-match"]);
    const changed = await accounts.changeStanding(callerOf(request).userId, userId, request.body, asked);
    if (changed.ok) {
      reply.header("etag", etagOf(changed.account));
      return answerOf(changed.account);
    }
    switch (changed.reason) {
      case "account_not_found":
        return refuse(reply, account_not_found, `No account has the id ${userId}`);
      case "last_admin":
        return refuse(reply, last_admin, "Make another account an ADMIN first");
      case "version_mismatch":
        return refuse(reply, version_mismatch, `${userId} has changed; read it again and repeat the change`);
    }
  }

  async function listUserSessions(
    request: Asked<{ params: typeof UserParams; querystring: typeof SessionsQuery }>,
    reply: FastifyReply,
  ) {
    const { userId } = request.params;
    if (!(await accounts.account(userId))) return refuse(reply, account_not_found, `No account has the id ${userId}`);
    const page = await accounts.sessions(userId, request.query);
    return sessionList(page, callerOf(request).session?.id);
  }

  async function endUserSession(request: Asked<{ params: typeof UserSessionParams }>, reply: FastifyReply) {
    const { userId, sessionId } = request.params;
    if (await accounts.endSession(userId, sessionId)) return reply.code(204).send(null);
    return refuse(reply, session_not_found, `${userId} has no such session, or it has ended already`);
  }

  async function listAudit(request: Asked<{ querystring: typeof AuditQuery }>) {
    const { cursor: before, limit = 50, verify, ...filter } = request.query;
    const rows = await accounts.audit.list({ ...filter, before, limit });
    const names = await accounts.namesOf([...new Set(rows.map(({ actor }) => actor))]);
    const named = (name: string | undefined) => name !== undefined && { actorName: name };
    const items = rows.map(({ prev: _, at, detail, outcome, ...row }) => ({
      ...row,
      ...named(names.get(row.actor)),
      at: at.toISOString(),
      ...(row.phase === "intent" && { outcome: outcome ?? "open" }),
      detail: JSON.parse(detail) as object,
    }));
    const nextCursor = rows.length < limit ? null : (rows.at(-1)?.seq ?? null);
    return verify ? { items, nextCursor, chain: await accounts.audit.verify() } : { items, nextCursor };
  }

  async function listMails(request: Asked<{ querystring: typeof MailsQuery }>) {
    const { cursor: before, orderId, limit = 50 } = request.query;
    const mails = await mail.list({ before, about: orderId?.toLowerCase(), limit });
    return { items: mails.map(mailOf), nextCursor: mails.length < limit ? null : (mails.at(-1)?.seq ?? null) };
  }

  async function readMail(request: Asked<{ params: typeof MailParams }>, reply: FastifyReply) {
    const found = await mail.find(request.params.seq);
    return found ? mailOf(found) : refuse(reply, mail_not_found, noSuchMail);
  }

  async function resendMail(request: Asked<{ params: typeof MailParams }>, reply: FastifyReply) {
    const { seq } = request.params;
    const isQueued = await mail.resend(seq);
    const found = await mail.find(seq);
    if (!found) return refuse(reply, mail_not_found, noSuchMail);
    if (!isQueued) return refuse(reply, mail_not_failed, saysWhyNot(found));
    reply.code(202);
    return mailOf(found);
  }
}

const noSuchMail = "GET /admin/mails lists the mails";

function saysWhyNot({ state }: QueuedMail): string {
  if (state === "sent") return "The mail is sent, and its text is gone because it may have held a code";
  return `The mail is ${state}: only one that failed or was sent is sent again`;
}

function mailOf({ key: _, keepsText, queuedAt, failure, ...mail }: QueuedMail) {
  const canBeSentAgain = mail.state === "failed" || (mail.state === "sent" && keepsText);
  return { ...mail, canBeSentAgain, queuedAt: queuedAt.toISOString(), ...(failure !== null && { failure }) };
}

const tags = ["accounts"];

const documents = {
  listUsers: {
    tags,
    operationId: "listUsers",
    summary: "Accounts, in order of their id",
    querystring: UsersQuery,
    response: { 200: UsersAnswer },
  },
  changeUser: {
    tags,
    operationId: "changeUser",
    summary: "Changes the roles of an account, disables or enables it; every process follows within a second",
    params: UserParams,
    headers: UserHeaders,
    body: UserPatch,
    response: { 200: Type.Ref("User"), ...problemResponses(account_not_found, last_admin, version_mismatch) },
  },
  userSessions: {
    tags,
    operationId: "listUserSessions",
    summary: "Where a person is signed in, the latest first",
    params: UserParams,
    querystring: SessionsQuery,
    response: { 200: SessionsAnswer, ...problemResponses(account_not_found) },
  },
  endUserSession: {
    tags,
    operationId: "endUserSession",
    summary: "Ends a session of a person; its token is refused within a second",
    params: UserSessionParams,
    response: { 204: Type.Null({ description: "It has ended" }), ...problemResponses(session_not_found) },
  },
  listAudit: {
    tags,
    operationId: "listAudit",
    summary: "What people with a role have done, the latest first",
    querystring: AuditQuery,
    response: { 200: AuditAnswer },
  },
  listMails: {
    tags,
    operationId: "listMails",
    summary: "The mails that the shop sends, the latest first",
    querystring: MailsQuery,
    response: { 200: MailsAnswer },
  },
  readMail: {
    tags,
    operationId: "getMail",
    summary: "One mail",
    params: MailParams,
    response: { 200: Type.Ref("Mail"), ...problemResponses(mail_not_found) },
  },
  resendMail: {
    tags,
    operationId: "resendMail",
    summary: "Sends a mail again that failed, or that its reader has lost",
    params: MailParams,
    response: { 202: Type.Ref("Mail"), ...problemResponses(mail_not_found, mail_not_failed) },
  },
};

function answerOf({ accountId, email, name, roles, disabledAt, version }: Account) {
  return { userId: accountId, email, name, roles, disabled: disabledAt !== null, version };
}
