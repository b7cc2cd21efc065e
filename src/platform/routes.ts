/** Finds the methods that an address allows. */

export type RouteList = { methods: readonly string[]; url: string }[];

/**
 * The methods of the routes at this address, for `Allow`. Fastify's router does not return them, so the patterns are
 * tried one by one; this runs only if no route matched.
 */
export function allowedMethods(routes: RouteList, url: string): string[] {
  const path = url.split("?", 1)[0] as string;
  const matching = routes.filter((route) => matches(route.url, path));
  return [...new Set(matching.flatMap((route) => route.methods))].toSorted();
}

function matches(pattern: string, path: string): boolean {
  if (pattern === "*" || pattern === "/*") return false;
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.at(-1) === "*")
    return given.length >= wanted.length && wanted.slice(0, -1).every((part, i) => fits(part, given[i]));
  return given.length === wanted.length && wanted.every((part, i) => fits(part, given[i]));
}

function fits(part: string, given: string | undefined): boolean {
  return part.startsWith(":") ? given !== "" : part === given;
}
