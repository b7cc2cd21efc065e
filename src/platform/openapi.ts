/** Makes the OpenAPI document from the routes and serves it. */
import swagger, { type FastifyDynamicSwaggerOptions } from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance, FastifySchema, onRequestHookHandler, RouteOptions } from "fastify";
import { type TSchema, Type } from "typebox";
import { isOptional } from "./http/validation.ts";
import { type ProblemKind, platformProblems } from "./problems.ts";
import { program } from "./program.ts";

export type SecurityRequirement = Readonly<Record<string, readonly string[]>>;

/** A guard declares its demands beside its hook, so that the document cannot forget or invent them. */
export type Guard = onRequestHookHandler & {
  readonly security: readonly SecurityRequirement[];
  readonly problems: readonly ProblemKind[];
};

export type OpenApiInfo = {
  /** A document made elsewhere, served instead of the one made from the routes here. */
  document?: object;
  title: string;
  version: string;
  description?: string;
  securitySchemes?: Readonly<Record<string, object>>;
  tags?: readonly { name: string; description: string }[];
};

const ProblemSchema = Type.Object(
  {
    type: Type.String({ description: `urn:${program.name}:problem: and the code` }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: "What happened, to what, and what to do next" }),
    code: Type.String({ description: "Stable; switch on this" }),
    instance: Type.String({ description: "Names this occurrence; quote it in a report" }),
    traceId: Type.Optional(
      Type.String({ description: "The trace of the request, if it has one; it is in the log, and in the trace store" }),
    ),
    errors: Type.Optional(
      Type.Array(Type.Object({ in: Type.String(), pointer: Type.String(), detail: Type.String() }), {
        description: "One entry a field, by JSON pointer",
      }),
    ),
  },
  { $id: "Problem", additionalProperties: true },
);

/**
 * The `response` entries of a route that may answer these problems, to be spread beside its successes. The problems of
 * every route (validation, not signed in, too large, internal) are added automatically.
 */
export function problemResponses(...kinds: readonly ProblemKind[]): Record<number, unknown> {
  const byStatus = Object.groupBy(kinds, (kind) => kind.status);
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, group = []]) => [
      status,
      {
        description: group.map((kind) => `\`${kind.code}\` ${kind.title}`).join("; "),
        content: { "application/problem+json": { schema: { $ref: "Problem#" } } },
      },
    ]),
  );
}

/**
 * Serves OpenAPI 3.1 at /openapi.json and a page to try it at /docs, from our own files. It adds no work to other
 * requests.
 */
export async function serveOpenApi(app: FastifyInstance, { document, ...described }: OpenApiInfo): Promise<void> {
  app.addSchema(ProblemSchema);
  await app.register(
    swagger,
    document ? { mode: "static", specification: { document: document as never } } : ofRoutes(described),
  );
  await app.register(swaggerUi, {
    routePrefix: "/docs",
    staticCSP: contentSecurityPolicy,
    uiConfig: { docExpansion: "list", deepLinking: true },
    theme: { title: described.title, css: [{ filename: "own.css", content: ".swagger-ui .topbar { display: none }" }] },
  });
  app.get("/openapi.json", { schema: { hide: true } }, async () => app.swagger());
}

function ofRoutes({ securitySchemes, tags, ...info }: Omit<OpenApiInfo, "document">): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: "3.1.1",
      info,
      ...(tags && { tags: [...tags] }),
      components: { securitySchemes: (securitySchemes ?? {}) as never },
    },
    convertConstToEnum: false,
    // Schemas keep their own names in the document, not def-0, def-1.
    refResolver: { buildLocalReference: (json, _base, _fragment, i) => String(json.$id ?? `schema-${i}`) },
    transform: ({ schema, url, route }) => ({ schema: withCommonProblems(schema ?? {}, route), url }),
    transformObject: (made) => ("openapiObject" in made ? withOptionalBodies(made.openapiObject) : made.swaggerObject),
  };
}

/**
 * The plugin's own policy names a foreign host, and upgrades requests to https, which a server on a plain LAN address
 * does not have.
 */
const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self' data:; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

type Operation = { requestBody?: { required?: boolean; content: Record<string, { schema?: TSchema }> } };

/** The plugin calls every body required. */
function withOptionalBodies<Document extends { paths?: object }>(document: Document): Document {
  const operations = Object.values(document.paths ?? {}).flatMap((path) => Object.values(path)) as Operation[];
  for (const { requestBody } of operations) {
    const schema = requestBody?.content["application/json"]?.schema;
    if (requestBody && schema && isOptional(schema)) requestBody.required = false;
  }
  return document;
}

function withCommonProblems(schema: FastifySchema, route: RouteOptions): FastifySchema {
  if (schema.hide) return schema;
  const guards = [route.onRequest ?? []].flat().filter((hook): hook is Guard => "security" in hook);
  const hasInput = schema.params ?? schema.querystring ?? schema.headers;
  // Also where no body is asked for: one that comes is read.
  const readsBody = [route.method].flat().some((method) => method !== "GET" && method !== "HEAD");
  const own = (schema.response ?? {}) as Record<string, { description?: string }>;
  const common = problemResponses(
    ...(hasInput || readsBody ? [platformProblems.validation] : []),
    ...(readsBody ? [platformProblems.body_too_large, platformProblems.unsupported_media_type] : []),
    ...guards.flatMap((guard) => guard.problems),
    platformProblems.internal_error,
    platformProblems.unavailable,
  ) as typeof own;
  const response: typeof own = { ...common, ...own };
  for (const status in common) {
    const [mine, theirs] = [common[status], own[status]];
    if (mine && theirs) response[status] = { ...theirs, description: `${mine.description}; ${theirs.description}` };
  }
  return {
    ...schema,
    response,
    ...(guards.length > 0 && { security: guards.flatMap((guard) => guard.security) }),
  };
}
