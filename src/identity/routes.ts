/** Lists the routes of accounts and sessions: each with its guard, its document and its handler. */
import { Type } from "typebox";
import type { MailEngine } from "#engines/mail";
import type { Http } from "#platform/http";
import { problemResponses } from "#platform/openapi";
import { platformProblems } from "#platform/problems";
import { adminRoutes } from "./admin-routes.ts";
import { createHandlers, type HandlersOptions } from "./handlers.ts";
import { oidcRoutes } from "./oidc/routes.ts";
import { identityProblems } from "./problems.ts";
import {
  AccountAnswer,
  AccountPatch,
  CodeSentAnswer,
  DemoBody,
  EmailBody,
  LogInBody,
  ResetBody,
  SessionAnswer,
  SessionParams,
  SessionsAnswer,
  SessionsQuery,
  SessionView,
  SignUpBody,
  VerifyBody,
} from "./wire.ts";

export function identityRoutes(app: Http, { mail, ...options }: HandlersOptions & { mail: MailEngine }): void {
  const handlers = createHandlers(options);
  const signedIn = options.identity.guard("CUSTOMER");
  const limited = options.identity.limitedGuard("CUSTOMER");
  const onRequest = handlers.refuseForeign;
  app.addSchema(AccountAnswer);

  app.post("/accounts", { onRequest, schema: documents.signUp }, handlers.signUp);
  app.post("/accounts/verify", { onRequest, schema: documents.verifyAccount }, handlers.verify);
  app.post("/accounts/password/forgot", { onRequest, schema: documents.forgotPassword }, handlers.forgot);
  app.post("/accounts/password/reset", { onRequest, schema: documents.resetPassword }, handlers.reset);
  app.post("/session", { onRequest, schema: documents.logIn }, handlers.logIn);
  app.get("/session", { onRequest, schema: documents.getSession }, handlers.readSession);
  app.delete("/session", { onRequest, schema: documents.logOut }, handlers.logOut);
  app.post("/session/code", { onRequest, schema: documents.sendLogInCode }, handlers.sendLogInCode);
  app.post("/session/refresh", { onRequest, schema: documents.refreshSession }, handlers.refresh);
  app.post("/session/demo", { onRequest, schema: documents.logInAsDemo }, handlers.logInAsDemo);

  oidcRoutes(app, { ...options, oidc: options.accounts.oidc });

  app.get("/account", { onRequest: signedIn, schema: documents.getAccount }, handlers.readAccount);
  app.patch("/account", { onRequest: limited, schema: documents.changeAccount }, handlers.changeAccount);
  app.get("/account/sessions", { onRequest: signedIn, schema: documents.listSessions }, handlers.listSessions);
  app.delete("/account/sessions/:sessionId", { onRequest: limited, schema: documents.endSession }, handlers.endSession);
  adminRoutes(app, { accounts: options.accounts, mail, adminOnly: options.identity.guard("ADMIN") });
}

const { account_not_found, bad_credentials, code_expired, code_wrong } = identityProblems;
const { cross_site, login_busy, session_not_found, unauthenticated, weak_password } = identityProblems;
const { not_found, rate_limited } = platformProblems;

const tags = ["accounts"];
const signedIn = { ...SessionAnswer, description: "Signed in: the cookies of the session are set" };
const ended = Type.Null({ description: "Ended" });

const documents = {
  signUp: {
    tags,
    operationId: "signUp",
    summary: "Asks for an account; a code is mailed. The answer is the same where the address has one already",
    body: SignUpBody,
    response: {
      202: { ...CodeSentAnswer, description: "A mail is sent" },
      ...problemResponses(cross_site, weak_password, login_busy, rate_limited),
    },
  },
  verifyAccount: {
    tags,
    operationId: "verifyAccount",
    summary: "Makes the account with the code of this sign-up, and signs in",
    body: VerifyBody,
    response: { 200: signedIn, ...problemResponses(cross_site, code_wrong, code_expired, rate_limited) },
  },
  forgotPassword: {
    tags,
    operationId: "forgotPassword",
    summary: "Mails a code for a new password, if the address has an account",
    body: EmailBody,
    response: { 202: CodeSentAnswer, ...problemResponses(cross_site, rate_limited) },
  },
  resetPassword: {
    tags,
    operationId: "resetPassword",
    summary: "Sets a new password by a mailed code, ends every session of the account, and signs in",
    body: ResetBody,
    response: {
      200: signedIn,
      ...problemResponses(cross_site, bad_credentials, code_wrong, code_expired, weak_password),
      ...problemResponses(login_busy, rate_limited),
    },
  },
  logIn: {
    tags,
    operationId: "logIn",
    summary: "Signs in by password, or by a mailed code",
    body: LogInBody,
    response: {
      200: signedIn,
      ...problemResponses(cross_site, bad_credentials, code_wrong, code_expired, login_busy, rate_limited),
    },
  },
  sendLogInCode: {
    tags,
    operationId: "sendLogInCode",
    summary: "Mails a code to sign in, if the address has an account",
    body: EmailBody,
    response: { 202: CodeSentAnswer, ...problemResponses(cross_site, rate_limited) },
  },
  getSession: {
    tags,
    operationId: "getSession",
    summary: "Who is signed in by cookie",
    response: { 200: SessionView },
  },
  logOut: {
    tags,
    operationId: "logOut",
    summary: "Ends the session of the cookies",
    response: { 204: ended, ...problemResponses(cross_site) },
  },
  refreshSession: {
    tags,
    operationId: "refreshSession",
    summary: "Renews the token by the refresh cookie",
    response: { 200: signedIn, ...problemResponses(cross_site, unauthenticated) },
  },
  logInAsDemo: {
    tags,
    operationId: "logInAsDemo",
    summary: "Signs in as a person of the demo shop; on the embedded default at a loopback address only",
    body: DemoBody,
    response: { 200: signedIn, ...problemResponses(cross_site, not_found) },
  },
  getAccount: {
    tags,
    operationId: "getAccount",
    summary: "Your account",
    response: { 200: Type.Ref("Account"), ...problemResponses(account_not_found) },
  },
  changeAccount: {
    tags,
    operationId: "changeAccount",
    summary: "Changes the fields that are sent",
    body: AccountPatch,
    response: { 200: Type.Ref("Account"), ...problemResponses(account_not_found) },
  },
  listSessions: {
    tags,
    operationId: "listSessions",
    summary: "Where you are signed in, the latest first",
    querystring: SessionsQuery,
    response: { 200: SessionsAnswer },
  },
  endSession: {
    tags,
    operationId: "endSession",
    summary: "Ends one of your sessions; its token is refused within a second",
    params: SessionParams,
    response: { 204: ended, ...problemResponses(session_not_found) },
  },
};
