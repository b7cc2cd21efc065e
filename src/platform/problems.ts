/**
 * Defines the errors that a client gets, as RFC 9457 problems. A module lists its kinds once with `defineProblems`;
 * only that table connects a code with its HTTP status and its title.
 */
import { currentContext } from "./context.ts";
import { program } from "./program.ts";

export type ProblemKind = Readonly<{
  /** Never changes: clients switch on it. */
  code: string;
  status: number;
  title: string;
  /** Sent as `Retry-After` unless the occurrence has its own value. */
  retryAfterSeconds?: number;
}>;

export type ProblemRow = Omit<ProblemKind, "code">;

/** `{ sold_out: { status: 409, title: "Sold out" } }` becomes a frozen table of kinds that know their own code. */
export function defineProblems<const Table extends Record<string, ProblemRow>>(
  table: Table,
): { readonly [Code in keyof Table]: ProblemKind } {
  const kinds = Object.entries(table).map(([code, row]) => [code, Object.freeze({ code, ...row })]);
  return Object.freeze(Object.fromEntries(kinds));
}

/** The problems that any HTTP server has, whatever it sells. */
export const platformProblems = defineProblems({
  validation: { status: 400, title: "The request is not valid" },
  not_found: { status: 404, title: "There is nothing at this address" },
  method_not_allowed: { status: 405, title: "This address does not answer this method" },
  request_timeout: { status: 408, title: "The request arrived too slowly" },
  body_too_large: { status: 413, title: "The body is too large" },
  unsupported_media_type: { status: 415, title: "The body is not of a type that this address takes" },
  misdirected: { status: 421, title: "This shop is not at the host that the request names" },
  expectation_failed: { status: 417, title: "Expect may only ask for 100-continue" },
  rate_limited: { status: 429, title: "Too many requests in a short time" },
  headers_too_large: { status: 431, title: "The headers are too large" },
  internal_error: { status: 500, title: "Something failed on our side" },
  unavailable: { status: 503, title: "A dependency does not answer at the moment", retryAfterSeconds: 2 },
  overloaded: { status: 503, title: "Too many requests are waiting already", retryAfterSeconds: 1 },
});

/** What each of them says to the caller if the place that refuses knows no more. */
export const platformDetails: Record<keyof typeof platformProblems, string> = {
  validation: "Nothing was changed. GET /openapi.json describes what each address takes.",
  not_found: "GET /openapi.json lists the addresses that this shop answers.",
  method_not_allowed: "The header Allow of this answer names the methods of this address.",
  request_timeout: "Nothing was changed. Send the whole request again, without a pause in it.",
  body_too_large: "Nothing was changed. Send a smaller body.",
  unsupported_media_type: "Nothing was changed. GET /openapi.json describes what each address takes.",
  misdirected: "Send the request to the host of the shop.",
  expectation_failed: "Nothing was changed. Send the request without the header Expect.",
  rate_limited: "Nothing was changed. Try again after as many seconds as Retry-After says.",
  headers_too_large: "Nothing was changed. Send fewer or shorter headers; a long Cookie is the usual reason.",
  internal_error: "Quote the instance when you report this.",
  unavailable: "Try again in a moment; if the request was to change something, first look whether it did.",
  overloaded: "Send the same request again after as many seconds as Retry-After says.",
};

/** One thing wrong with the request; `pointer` is a JSON pointer in URI fragment form, as in RFC 9457 §3. */
export type FieldFault = { in: "body" | "querystring" | "params" | "headers"; pointer: string; detail: string };

export type ProblemDetails = {
  /**
   * Members beside the standard ones, such as the id that the request was about. They cannot replace a standard member.
   */
  extra?: Readonly<Record<string, unknown>> | undefined;
  errors?: readonly FieldFault[] | undefined;
  retryAfterSeconds?: number | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  cause?: unknown;
};

/**
 * Throw it to end the request; return `refuse(reply, …)` instead if refusals are frequent, because an Error costs a
 * stack trace.
 */
export class Problem extends Error {
  readonly kind: ProblemKind;
  readonly details: ProblemDetails;

  constructor(kind: ProblemKind, detail: string, details: ProblemDetails = {}) {
    super(detail, "cause" in details ? { cause: details.cause } : undefined);
    this.name = "Problem";
    this.kind = kind;
    this.details = details;
  }

  get code(): string {
    return this.kind.code;
  }
}

/**
 * The wire form. `instance` names this one occurrence: a caller can quote it and an operator can find it in the log.
 */
export function problemBody(
  kind: ProblemKind,
  detail: string,
  { extra, errors }: ProblemDetails,
  requestId: string,
): string {
  const traceId = currentContext()?.traceId;
  return JSON.stringify({
    ...extra,
    type: `urn:${program.name}:problem:${kind.code}`,
    title: kind.title,
    status: kind.status,
    detail,
    code: kind.code,
    instance: `urn:${program.name}:request:${requestId}`,
    ...(traceId !== undefined && { traceId }),
    ...(errors && { errors }),
  });
}

/** The part of a Fastify reply that `refuse` needs, whatever the schema types of the reply. */
export type ProblemReply = {
  readonly request: { readonly id: string };
  code(status: number): unknown;
  header(name: string, value: string | number): unknown;
};

/**
 * Puts status and headers on the reply and returns the body: `return refuse(reply, kinds.sold_out, "…")`. Every problem
 * is sent through here.
 */
export function refuse(
  reply: ProblemReply,
  kind: ProblemKind,
  detail: string,
  details: ProblemDetails = {},
  // biome-ignore lint/suspicious/noExplicitAny: the handler's declared answers are its successes; a problem fits beside any of them.
): any {
  const retryAfterSeconds = details.retryAfterSeconds ?? kind.retryAfterSeconds;
  reply.code(kind.status);
  reply.header("content-type", "application/problem+json; charset=utf-8");
  reply.header("cache-control", "no-store");
  // RFC 9110 §15.5.2 wants it beside every 401, also where a password, a code or a signature was wrong.
  if (kind.status === 401) reply.header("www-authenticate", `Bearer realm="${program.name}"`);
  if (retryAfterSeconds !== undefined) reply.header("retry-after", Math.max(1, Math.ceil(retryAfterSeconds)));
  for (const name in details.headers) reply.header(name, details.headers[name] as string);
  return problemBody(kind, detail, details, reply.request.id);
}
