/** The two cookies of a session: the token that every request carries, and the secret that renews it. */

export type Cookies = {
  /** The name of the cookie that carries the token. */
  session: string;
  /** The name of the cookie that carries the refresh secret; the browser sends it to /session alone. */
  refresh: string;
  /** The name of the cookie that a browser keeps while its person is at the outside issuer. */
  outside: string;
  /** `Set-Cookie` for a session. */
  set(session: { token: string; refresh: string }): string[];
  /** `Set-Cookie` for a token alone: the refresh secret stays. */
  renew(token: string): string[];
  clear(): string[];
  /** Without a ticket: the cookie goes. */
  setOutside(ticket?: string): string;
};

export const tokenTtlMs = 15 * 60_000;
/** How long a person may take to sign in at the outside issuer. */
export const ticketTtlMs = 10 * 60_000;
export const sessionTtlMs = 30 * 24 * 60 * 60_000;

/**
 * A browser takes `__Host-` only from a secure origin, for one host and all its paths, so no subdomain can plant such a
 * cookie. Plain http at any address but loopback is not secure; there the names are plain.
 */
export function createCookies({ secure }: { secure: boolean }): Cookies {
  const session = secure ? "__Host-dropgate" : "dropgate";
  const outside = secure ? "__Host-dropgate-outside" : "dropgate-outside";
  const refresh = secure ? "__Secure-dropgate-refresh" : "dropgate-refresh";
  const flags = `HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`;
  const write = (name: string, value: string, path: string, ms: number) =>
    `${name}=${value}; Path=${path}; Max-Age=${ms / 1000}; ${flags}`;
  const renew = (token: string) => [write(session, token, "/", tokenTtlMs)];

  return {
    session,
    refresh,
    outside,
    renew,
    set: ({ token, refresh: secret }) => [...renew(token), write(refresh, secret, "/session", sessionTtlMs)],
    clear: () => [write(session, "", "/", 0), write(refresh, "", "/session", 0)],
    setOutside: (ticket) => write(outside, ticket ?? "", "/", ticket === undefined ? 0 : ticketTtlMs),
  };
}

/** The value of the first cookie of this name. An empty one counts as none. */
export function readCookie(header: string | undefined, name: string): string | undefined {
  for (const pair of header?.split(";") ?? []) {
    const at = pair.indexOf("=");
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim() || undefined;
  }
  return undefined;
}
