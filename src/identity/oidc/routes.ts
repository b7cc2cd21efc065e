/** The two routes of a log-in at the outside issuer. Browsers are sent through both, so both answer with a redirect. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { Asked, Http } from "#platform/http";
import { problemResponses } from "#platform/openapi";
import { platformProblems, refuse } from "#platform/problems";
import { localeAsked } from "#platform/reader";
import { placeOf } from "../handlers.ts";
import { identityProblems } from "../problems.ts";
import { type Cookies, readCookie } from "../sessions/cookies.ts";
import { OidcQuery, OidcReturnQuery } from "../wire.ts";
import type { Oidc, OidcRefused } from "./oidc.ts";

export type OidcRoutesOptions = { oidc: Oidc | undefined; cookies: Cookies; publicUrl: string | undefined };

const returnPath = "/session/oidc/callback";

export function oidcRoutes(app: Http, { oidc, cookies, publicUrl }: OidcRoutesOptions): void {
  app.get("/session/oidc", { schema: documents.begin }, begin);
  app.get(returnPath, { schema: documents.finish }, finish);

  async function begin(request: Asked<{ querystring: typeof OidcQuery }>, reply: FastifyReply) {
    if (!oidc) return refuse(reply, platformProblems.not_found, noIssuer);
    const { to } = request.query;
    const begun = await oidc.begin({ to, redirectUri: `${originOf(request)}${returnPath}` });
    if (!begun.ok) return refusal(request, reply, begun);
    reply.header("set-cookie", cookies.setOutside(begun.ticket));
    return away(reply, begun.url);
  }

  async function finish(request: FastifyRequest, reply: FastifyReply) {
    if (!oidc) return refuse(reply, platformProblems.not_found, noIssuer);
    const ticket = readCookie(request.headers.cookie, cookies.outside);
    const returned = new URL(returnPath, originOf(request));
    returned.search = /\?.*$/.exec(request.url)?.[0] ?? "";
    const locale = localeAsked(request.headers["accept-language"]);
    const finished = await oidc.finish(returned, ticket, placeOf(request), locale);
    // A ticket is for one return, whatever came of it.
    reply.header("set-cookie", cookies.setOutside());
    if (!finished.ok) return refusal(request, reply, finished);
    const { token, refresh = "" } = finished.entered;
    reply.header("set-cookie", cookies.set({ token, refresh }));
    return away(reply, finished.to);
  }

  function originOf({ protocol, host }: FastifyRequest): string {
    return publicUrl === undefined ? `${protocol}://${host}` : new URL(publicUrl).origin;
  }
}

/** A person in a browser reads the sentence on the page to sign in, in their language; a program gets the problem. */
function refusal(request: FastifyRequest, reply: FastifyReply, refused: OidcRefused) {
  const { reason, to } = refused;
  if (request.headers["sec-fetch-mode"] === "navigate") {
    return away(reply, `/login?${new URLSearchParams({ refused: reason, ...(to !== undefined && { to }) })}`);
  }
  const detail = says[reason];
  if (reason !== "rate_limited") return refuse(reply, identityProblems[reason], detail);
  return refuse(reply, platformProblems.rate_limited, detail, { retryAfterSeconds: refused.waitMs / 1000 });
}

function away(reply: FastifyReply, url: string) {
  return reply.code(303).headers({ location: url, "cache-control": "no-store" }).send(null);
}

const noIssuer = "This shop has no outside issuer: OIDC_ISSUER is not set";

const says: Record<OidcRefused["reason"], string> = {
  oidc_refused:
    "You are not signed in: the log-in was cancelled, took longer than ten minutes, was used before, or is not allowed " +
    "here. Sign in again",
  oidc_unavailable: "You are not signed in: the outside issuer does not answer as it should. Try again in a moment",
  rate_limited: "Too many log-ins failed from your network. Wait, or sign in by a code that is mailed",
};

const tags = ["accounts"];
const { oidc_refused, oidc_unavailable } = identityProblems;
const { not_found, rate_limited } = platformProblems;

const documents = {
  begin: {
    tags,
    operationId: "beginOutsideLogIn",
    summary: "Sends the browser to the outside issuer to sign in",
    querystring: OidcQuery,
    response: {
      303: Type.Null({ description: "To the issuer" }),
      ...problemResponses(not_found, oidc_unavailable),
    },
  },
  finish: {
    tags,
    operationId: "finishOutsideLogIn",
    summary: "Signs in the person whom the outside issuer sends back. A browser that is refused is led to /login",
    querystring: OidcReturnQuery,
    response: {
      303: Type.Null({ description: "Signed in, on the way to the page that asked for it" }),
      ...problemResponses(not_found, oidc_refused, oidc_unavailable, rate_limited),
    },
  },
};
