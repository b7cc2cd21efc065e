/**
 * A shopper for the shop's pages, until there are accounts: on the embedded default
 * every visitor buys as Ada.
 * That gives no more than X-User-Id gives there. Accounts and their cookies replace this file.
 */
import type { FastifyReply } from "fastify";
import { Type } from "typebox";
import type { Identity } from "#identity";
import type { Asked, Http } from "#platform/http";
import { Problem, platformProblems } from "#platform/problems";
import type { Config } from "../config/config.ts";

const Person = Type.Object({ person: Type.Literal("ada") }, { additionalProperties: false });
const ttlMs = 24 * 60 * 60_000;
const loopback = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/;

/** Does nothing if an engine is real, or if other machines can reach the address. */
export function demoShopperRoutes(app: Http, identity: Pick<Identity, "issue">, config: Config): void {
  if (!offersDemoShopper(config)) return;
  app.post("/session/demo", { schema: { hide: true, body: Person } }, logIn);

  async function logIn(request: Asked<{ body: typeof Person }>, reply: FastifyReply) {
    reply.header("cache-control", "no-store");
    // A foreign site can make its own name lead to 127.0.0.1, and would read the answer as its own.
    if (!loopback.test(request.headers.host ?? "")) throw new Problem(platformProblems.not_found);
    const token = identity.issue({ user: request.body.person, role: "CUSTOMER", ttlMs });
    return { token, userId: request.body.person, name: "Ada", expiresInMs: ttlMs };
  }
}

export function offersDemoShopper({ profile, HOST, TRUST_USER_HEADER }: Config): boolean {
  const isEmbedded = Object.values(profile).every((engine) => engine === "embedded");
  return isEmbedded && TRUST_USER_HEADER && loopback.test(HOST === "::1" ? "[::1]" : HOST);
}
