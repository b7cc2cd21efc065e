/**
 * Speaks with the outside issuer (OpenID Connect, code flow with PKCE). The issuer is asked when a person wants to sign in,
 * so the shop starts without it.
 */
import type { Configuration } from "openid-client";
import { elapsedMs } from "#platform/clock";
import { isUserId } from "../roles.ts";

export type OidcSettings = {
  issuer: string;
  clientId: string;
  /** Absent: a public client, which PKCE alone protects. */
  clientSecret: string | undefined;
  /** The claim that names roles of ours. Absent: the issuer gives no roles. */
  rolesClaim: string | undefined;
  /** Whether an address that the issuer calls verified belongs to the person who signs in. */
  trustEmail: boolean;
};

/** What one log-in is recognised by when the issuer sends the browser back. */
export type Flow = { state: string; nonce: string; verifier: string };
export type Claims = Readonly<Record<string, unknown>> & { iss: string; sub: string };
export type OidcFailure = { ok: false; reason: "oidc_refused" | "oidc_unavailable"; cause: unknown };

export type OidcClient = {
  /** The issuer's page for a log-in, and what the browser has to keep until it comes back. */
  begin(redirectUri: string): Promise<{ ok: true; url: string; flow: Flow } | OidcFailure>;
  /** `returned`: the address at which the issuer sent the browser back, with its query. */
  finish(returned: URL, flow: Flow): Promise<{ ok: true; claims: Claims } | OidcFailure>;
};

/** An issuer that moves its addresses is followed after this time. */
const discoverEveryMs = 60 * 60_000;
const answerWithinSeconds = 5;
const scope = "openid email profile";

// Loaded at the first log-in: most shops have no outside issuer.
function load() {
  return import("openid-client");
}

export function createOidcClient({ issuer, clientId, clientSecret }: OidcSettings): OidcClient {
  let known: { configuration: Promise<Configuration>; untilMs: number } | undefined;

  /** People who sign in at the same moment wait for one question. */
  function discovered(): Promise<Configuration> {
    if (known && elapsedMs() < known.untilMs) return known.configuration;
    const configuration = discover();
    const asked = { configuration, untilMs: elapsedMs() + discoverEveryMs };
    known = asked;
    configuration.catch(() => {
      if (known === asked) known = undefined;
    });
    return configuration;
  }

  async function discover(): Promise<Configuration> {
    const { allowInsecureRequests, ClientSecretBasic, discovery, enableNonRepudiationChecks, None } = await load();
    const isPlain = new URL(issuer).protocol === "http:";
    const authentication = clientSecret === undefined ? None() : ClientSecretBasic(clientSecret);
    return discovery(new URL(issuer), clientId, undefined, authentication, {
      timeout: answerWithinSeconds,
      // The signature of every ID token is checked, also of one that comes straight from the issuer.
      execute: [enableNonRepudiationChecks, ...(isPlain ? [allowInsecureRequests] : [])],
    });
  }

  return {
    async begin(redirectUri) {
      try {
        const oidc = await load();
        const configuration = await discovered();
        const flow = { state: oidc.randomState(), nonce: oidc.randomNonce(), verifier: oidc.randomPKCECodeVerifier() };
        const url = oidc.buildAuthorizationUrl(configuration, {
          redirect_uri: redirectUri,
          response_type: "code",
          scope,
          state: flow.state,
          nonce: flow.nonce,
          code_challenge: await oidc.calculatePKCECodeChallenge(flow.verifier),
          code_challenge_method: "S256",
        });
        return { ok: true, url: url.href, flow };
      } catch (cause) {
        return { ok: false, reason: "oidc_unavailable", cause };
      }
    },

    async finish(returned, { state, nonce, verifier }) {
      const oidc = await load();
      try {
        const configuration = await discovered();
        const tokens = await oidc.authorizationCodeGrant(configuration, returned, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        if (!claims || !isUserId(claims.sub)) throw new Error("the ID token names no subject that we can keep");
        // Some issuers name the address and the roles there alone. Signed claims count first.
        const { userinfo_endpoint } = configuration.serverMetadata();
        const more: Readonly<Record<string, unknown>> = userinfo_endpoint
          ? await oidc.fetchUserInfo(configuration, tokens.access_token, claims.sub)
          : {};
        // Verified is the address that stands beside it, and not one from the other place.
        const { email, email_verified } = claims.email === undefined ? more : claims;
        return { ok: true, claims: { ...more, ...claims, email, email_verified } };
      } catch (cause) {
        return { ok: false, reason: reasonOf(cause), cause };
      }
    },
  };
}

/** `oidc_refused`: this log-in is not valid. `oidc_unavailable`: the issuer does not answer, or not as agreed with it. */
function reasonOf(error: unknown): OidcFailure["reason"] {
  const { code, error: said, cause } = error as { code?: string; error?: string; cause?: unknown };
  // `invalid_grant`: the code was used before, has expired, or is made up.
  if (code === "OAUTH_RESPONSE_BODY_ERROR") return said === "invalid_grant" ? "oidc_refused" : "oidc_unavailable";
  const isCut = code === "OAUTH_TIMEOUT" || (error as Error).name === "TypeError";
  const isFault = cause instanceof Response && cause.status >= 500;
  return isCut || isFault ? "oidc_unavailable" : "oidc_refused";
}
