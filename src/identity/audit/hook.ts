/**
 * Audits what people with a role do by HTTP: the intent before the handler, the outcome before the answer. Which routes
 * are audited follows from their guards, so that none can forget it: docs/adr/0050-the-desk.md.
 */
import type { FastifyReply, FastifyRequest, onSendAsyncHookHandler, RouteOptions } from "fastify";
import type { Http } from "#platform/http";
import type { Guard } from "#platform/openapi";
import { callerOf } from "../caller.ts";
import { changesSomething } from "../sessions/cross-site.ts";
import type { Act, Audit, Ended, Intent } from "./audit.ts";

declare module "fastify" {
  // biome-ignore lint/style/useConsistentTypeDefinitions: Fastify is told of its routes' settings by its own interface.
  interface FastifyContextConfig {
    /** The handler audits the act itself, because it knows more of it. */
    auditsItself?: true;
  }
}

export type AuditActsOptions = {
  audit: Pick<Audit, "begin" | "end">;
  /** The intent stays without its outcome in the audit. */
  onLost(intent: Intent, outcome: Ended, error: unknown): void;
};

/** A longer body is not kept. */
const longestBody = 4_000;
const intentKey = Symbol("intent");
type Audited = { [intentKey]?: Intent };

/** Applies to the routes that are added after it. */
export function auditActs(app: Http, { audit, onLost }: AuditActsOptions): void {
  app.addHook("onRoute", (route) => {
    const of = auditedOf(route);
    if (!of) return;
    async function begin(request: FastifyRequest): Promise<void> {
      const { userId, roles } = callerOf(request);
      if (of === "admins" && !roles.includes("ADMIN")) return;
      (request as Audited)[intentKey] = await audit.begin(actOf(userId, request, of === "staff"));
    }
    const end: onSendAsyncHookHandler = async (request, reply, payload) => {
      const intent = (request as Audited)[intentKey];
      if (!intent) return payload;
      delete (request as Audited)[intentKey];
      const [outcome, detail] = outcomeOf(reply, payload);
      // The act is done or refused already: an answer that says otherwise would be wrong.
      await audit.end(intent, outcome, detail).catch((error) => onLost(intent, outcome, error));
      return payload;
    };
    route.preHandler = [route.preHandler ?? [], begin].flat();
    route.onSend = [route.onSend ?? [], end].flat();
  });
}

/**
 * `staff`: every act at a route that no CUSTOMER passes. `admins`: a route for buyers at which an ADMIN may act on another
 * person's order. Its address names one thing, so POST /orders is none of them.
 */
function auditedOf({ method, onRequest, url, config }: RouteOptions): "staff" | "admins" | undefined {
  const guard = [onRequest ?? []].flat().find((hook): hook is Guard => "security" in hook);
  if (!guard || config?.auditsItself || ![method].flat().some(changesSomething)) return undefined;
  const isForBuyers = guard.security.some(({ bearer }) => bearer?.includes("CUSTOMER"));
  if (!isForBuyers) return "staff";
  return url.includes("/:") ? "admins" : undefined;
}

function actOf(actor: string, request: FastifyRequest, keepsBody: boolean): Act {
  const { method, url, routeOptions, query, body } = request;
  const { operationId } = (routeOptions.schema ?? {}) as { operationId?: string };
  const params = Object.values((request.params ?? {}) as Record<string, unknown>);
  const action = operationId ?? `${method} ${routeOptions.url}`;
  const asked = query && Object.keys(query).length > 0 ? { query } : {};
  return {
    actor,
    action,
    subject: printable((params.length > 0 ? params.join("/") : namedBy(body)) || url),
    // A buyer's body may have a card.
    detail: { ...asked, ...(keepsBody && bodyOf(body)) },
  };
}

/** The id of a new thing, if the request has one. */
function namedBy(body: unknown): string {
  const fields = Object.entries((body ?? {}) as Record<string, unknown>);
  return String(fields.find(([name, value]) => name.endsWith("Id") && typeof value === "string")?.[1] ?? "");
}

function bodyOf(body: unknown): { body?: unknown } {
  if (body === undefined || body === null) return {};
  const bytes = JSON.stringify(body).length;
  return { body: bytes > longestBody ? { bytes } : body };
}

/** PostgreSQL's text takes no NUL and no half of a surrogate pair. */
function printable(text: string): string {
  return text
    .slice(0, 500)
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, "\u{fffd}");
}

function outcomeOf(reply: FastifyReply, payload: unknown): [Ended, object] {
  const { statusCode: status } = reply;
  const location = reply.getHeader("location");
  if (status < 400) return ["done", { status, ...(typeof location === "string" && { location }) }];
  return [status < 500 ? "refused" : "failed", { status, reason: codeOf(payload) }];
}

function codeOf(payload: unknown): string {
  try {
    return String((JSON.parse(String(payload)) as { code?: unknown }).code);
  } catch {
    return "";
  }
}
