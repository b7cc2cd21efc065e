import { createSigner, createVerifier, TokenError } from "fast-jwt";
import { type Caller, isRole, isUserId, type Role } from "./roles.ts";

export type Tokens = {
  /** A bearer token for one user. `ttlMs` counts from now. */
  issue(who: { user: string; roles: readonly Role[]; ttlMs: number }): string;
  /** Who the token speaks for, or why it is not believed, in words that may be shown to its bearer. */
  verify(token: string): { ok: true; caller: Caller } | { ok: false; reason: string };
};

/** HS256 needs a key as long as its hash: https://www.rfc-editor.org/rfc/rfc7518#section-3.2 */
const leastSecretBytes = 32;
const clockToleranceMs = 5_000;

/**
 * HS256 and nothing else: `alg: none` and RSA keys posing as secrets (RFC 8725 §2.1) end at the allow list.
 * The verifier's cache stays off: it would keep a hash per token in use, and a sale is many users with one request each.
 */
export function createTokens({ secret, issuer }: { secret: string; issuer: string }): Tokens {
  if (Buffer.byteLength(secret) < leastSecretBytes) {
    throw new Error(
      `the secret for tokens has ${Buffer.byteLength(secret)} bytes; it needs ${leastSecretBytes} or more`,
    );
  }
  const key = Buffer.from(secret);
  const verifyClaims = createVerifier({
    key,
    algorithms: ["HS256"],
    allowedIss: issuer,
    requiredClaims: ["iss", "sub", "exp", "roles"],
    clockTolerance: clockToleranceMs,
    cache: false,
  });

  return {
    issue({ user, roles, ttlMs }) {
      if (!isUserId(user))
        throw new Error(`"${user}" cannot be a user id: up to 128 of letters, digits and . _ : @ + | -`);
      return createSigner({ key, algorithm: "HS256", iss: issuer, sub: user, expiresIn: ttlMs })({ roles: [...roles] });
    },
    verify(token) {
      let claims: { sub?: unknown; roles?: unknown };
      try {
        claims = verifyClaims(token);
      } catch (error) {
        if (error instanceof TokenError) return { ok: false, reason: reasonOf(error) };
        throw error;
      }
      if (!isUserId(claims.sub)) return { ok: false, reason: "The token names no user" };
      if (!Array.isArray(claims.roles)) return { ok: false, reason: "The token names no roles" };
      return { ok: true, caller: { userId: claims.sub, roles: claims.roles.filter(isRole) } };
    },
  };
}

function reasonOf(error: TokenError): string {
  switch (error.code) {
    case "FAST_JWT_EXPIRED":
      return "The token has expired";
    case "FAST_JWT_INACTIVE":
      return "The token is not valid yet";
    default:
      return "The token is not one of ours";
  }
}
