/** Writes docs/errors.md from the tables of problems. */
import type { ProblemKind } from "./problems.ts";

export type ProblemTable = {
  /** The module that answers them, as the reader knows it: `orders`. */
  room: string;
  kinds: readonly ProblemKind[];
};

type Row = ProblemKind & { rooms: string[] };

/**
 * docs/errors.md: every code that a caller may get, once. `routesOf` names the routes that declare it.
 * @throws if one code has two meanings.
 */
export function renderProblemsPage(tables: readonly ProblemTable[], routesOf: (code: string) => string[]): string {
  const rows = rowsOf(tables).map(
    ({ code, status, title, retryAfterSeconds, rooms }) =>
      `| \`${code}\` | ${status} | ${title} | ${retryAfterSeconds ?? ""} | ${rooms.join(", ")} | ${routesSays(routesOf(code))} |`,
  );
  return `# Errors

Generated from the tables of the modules; do not edit. An error is an \`application/problem+json\` document (RFC 9457)
with \`type\`, \`title\`, \`status\`, \`detail\`, \`code\` and \`instance\`. Switch on \`code\`, which never changes its meaning;
show \`detail\`, which says what happened and what to do next; quote \`instance\` in a report, it is in the log. A fault of
the request's own fields comes with \`errors\`: one entry a field, by JSON pointer. A request with a W3C trace context, or of
a shop that sends traces, is answered with its \`traceId\`. Retry-After is in seconds.

| code | status | title | Retry-After | from | routes |
| --- | --- | --- | --- | --- | --- |
${rows.join("\n")}
`;
}

function rowsOf(tables: readonly ProblemTable[]): Row[] {
  const rows = new Map<string, Row>();
  for (const { room, kinds } of tables) {
    for (const kind of kinds) {
      const known = rows.get(kind.code);
      if (known && (known.status !== kind.status || known.title !== kind.title)) {
        throw new Error(`the code ${kind.code} means one thing to ${known.rooms.join(", ")} and another to ${room}`);
      }
      if (known) known.rooms.push(room);
      else rows.set(kind.code, { ...kind, rooms: [room] });
    }
  }
  return [...rows.values()].toSorted((a, b) => a.status - b.status || (a.code < b.code ? -1 : 1));
}

/** Codes that nearly every route may answer are not listed by route. */
const manyRoutes = 8;

function routesSays(routes: readonly string[]): string {
  if (routes.length === 0) return "";
  return routes.length > manyRoutes ? "most" : routes.map((route) => `\`${route}\``).join("<br>");
}
