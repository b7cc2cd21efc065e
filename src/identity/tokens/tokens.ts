/** Issues and verifies bearer tokens (JSON Web Tokens, RFC 7519) of one issuer. */
import { systemClock } from "#platform/clock";
import { type Caller, isRole, isUserId, type Role, userIdRule } from "../roles.ts";
import { createHs256 } from "./hs256.ts";

export type Tokens = {
  /** A bearer token for one user. `ttlMs` counts from now. */
  issue(who: { user: string; roles: readonly Role[]; ttlMs: number; session?: Caller["session"] }): string;
  /**
   * The user and roles of the token, or why it is refused, in words for its bearer. `forged`: we never signed it, while
   * an expired token of ours is no guess.
   */
  verify(token: string): { ok: true; caller: Caller } | { ok: false; reason: string; forged: boolean };
};

/** HS256 needs a key as long as its hash: https://www.rfc-editor.org/rfc/rfc7518#section-3.2 */
const leastSecretBytes = 32;

export type TokenOptions = {
  /** At least 32 bytes. */
  secret: string;
  issuer: string;
  /** If set, a token must name it. */
  audience?: string | undefined;
  /** The tolerance for the issuer's clock. */
  leewayMs?: number;
};

const tokenShape = /^[\w-]+\.[\w-]+\.[\w-]{43}$/;
const ourHeader = encoded({ alg: "HS256", typ: "JWT" });

/**
 * JSON Web Tokens of one kind. The token never chooses the algorithm (RFC 8725 §3.1): it is checked by HS256 with our
 * secret first, and its header is read only afterwards.
 */
export function createTokens({ secret, issuer, audience, leewayMs = 30_000 }: TokenOptions): Tokens {
  if (Buffer.byteLength(secret) < leastSecretBytes) {
    throw new Error(
      `the secret for tokens has ${Buffer.byteLength(secret)} bytes; it needs ${leastSecretBytes} or more`,
    );
  }
  const hs256 = createHs256(secret);
  const leewaySeconds = leewayMs / 1000;

  return {
    issue({ user, roles, ttlMs, session }) {
      if (!isUserId(user)) throw new Error(`${JSON.stringify(user)} cannot be a user id: it has ${userIdRule}`);
      const iat = Math.floor(systemClock.nowMs() / 1000);
      const claims = {
        iss: issuer,
        aud: audience,
        sub: user,
        roles,
        iat,
        exp: iat + Math.ceil(ttlMs / 1000),
        ...(session && { sid: session.id, ver: session.version }),
      };
      const input = `${ourHeader}.${encoded(claims)}`;
      return `${input}.${hs256.sign(input)}`;
    },

    verify(token) {
      if (!tokenShape.test(token)) return notOurs;
      const headerEnd = token.indexOf(".");
      const inputEnd = token.lastIndexOf(".");
      if (!hs256.matches(token.slice(0, inputEnd), token.slice(inputEnd + 1))) return notOurs;
      const header = token.slice(0, headerEnd);
      if (header !== ourHeader && !isPlainHs256(decoded(header))) return notOurs;
      return believe(decoded(token.slice(headerEnd + 1, inputEnd)));
    },
  };

  /** From here on the signature is valid. A missing claim is a fault of another issuer that has the same secret. */
  function believe(claims: Record<string, unknown>): ReturnType<Tokens["verify"]> {
    const { iss, aud, sub, roles, exp, nbf, sid, ver } = claims;
    const now = systemClock.nowMs() / 1000;
    if (iss !== issuer) return refused("The token is from another issuer");
    if (audience !== undefined && ![aud].flat().includes(audience)) return refused("The token is for another audience");
    if (typeof exp !== "number") return refused("The token does not expire");
    if (now > exp + leewaySeconds) return refused("The token has expired");
    if (nbf !== undefined && !(typeof nbf === "number" && now >= nbf - leewaySeconds))
      return refused("The token is not valid yet");
    if (!isUserId(sub)) return refused("The token names no user");
    if (!Array.isArray(roles)) return refused("The token names no roles");
    const caller = { userId: sub, roles: roles.filter(isRole) };
    // Other issuers give a `sid` too, which means nothing here.
    const isOurs = typeof sid === "string" && typeof ver === "number";
    return { ok: true, caller: isOurs ? { ...caller, session: { id: sid, version: ver } } : caller };
  }
}

function refused(reason: string) {
  return { ok: false, reason, forged: false } as const;
}
const notOurs = { ...refused("The token is not one of ours"), forged: true } as const;

/** Other libraries write the same header in another order. We know no critical extension. */
function isPlainHs256({ alg, crit }: Record<string, unknown>): boolean {
  return alg === "HS256" && crit === undefined;
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** Two users whose names are broken in different ways must not become one. */
const utf8 = new TextDecoder("utf-8", { fatal: true });

function decoded(segment: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(utf8.decode(Buffer.from(segment, "base64url")));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
