/** Tells whether a page of this shop sent a request, from the headers that a browser sets and no page can change. */
import type { FastifyRequest } from "fastify";

/**
 * `unknown`: no browser said where the request comes from. Current browsers send `Sec-Fetch-Site` to every origin that
 * is secure or loopback; all others send `Origin` with an unsafe method. Only the host of an Origin is compared, because a
 * proxy may end TLS in front of us.
 */
export function siteOf(
  { headers, host }: Pick<FastifyRequest, "headers" | "host">,
  publicUrl: string | undefined,
): "ours" | "foreign" | "unknown" {
  const site = headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin" ? "ours" : "foreign";
  const { origin } = headers;
  if (origin === undefined) return "unknown";
  if (!URL.canParse(origin)) return "foreign";
  const asked = new URL(origin);
  const isOurs = publicUrl === undefined ? asked.host === host : asked.origin === new URL(publicUrl).origin;
  return isOurs ? "ours" : "foreign";
}

const safe: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

export function changesSomething(method: string): boolean {
  return !safe.has(method);
}
