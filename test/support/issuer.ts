/**
 * An OpenID Connect issuer on loopback: discovery, keys, the log-in page (which signs in at once), codes that work once, and
 * signed ID tokens. Its `lies` make it answer as a broken or hostile issuer would.
 */
import { createHash, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

export type Person = { sub: string } & Record<string, unknown>;

export type Lies = {
  /** Replace claims of the ID token. */
  claims?: Record<string, unknown>;
  /** Signs with a key that the issuer never published. */
  foreignKey?: boolean;
  /** Parameters of the way back to the shop. */
  back?: Record<string, string>;
  /** The name in the discovery document. */
  issuer?: string;
  /** Answers every request with this status. */
  status?: number;
};

export type Issuer = Awaited<ReturnType<typeof startIssuer>>;

const clientId = "shop";
const clientSecret = "a secret between shop and issuer";
const algorithm = "ES256";

export async function startIssuer() {
  const [own, foreign] = [await generateKeyPair(algorithm), await generateKeyPair(algorithm)];
  const jwk = { ...(await exportJWK(own.publicKey)), kid: "1", alg: algorithm, use: "sig" };
  const codes = new Map<string, { query: URLSearchParams; person: Person }>();
  const peopleOf = new Map<string, Person>();
  let origin = "";
  let lies: Lies = {};
  let person: Person = { sub: "unknown" };
  let userinfo: Record<string, unknown> | undefined;
  const asked: string[] = [];

  const server = createServer((request, response) => {
    void answer(request, response).catch((error) => response.writeHead(500).end(String(error)));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", origin);
    asked.push(url.pathname);
    if (lies.status) return void response.writeHead(lies.status).end();
    const json = (body: object, status = 200) =>
      void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    switch (url.pathname) {
      case "/.well-known/openid-configuration":
        return json({
          issuer: lies.issuer ?? origin,
          authorization_endpoint: `${origin}/authorize`,
          token_endpoint: `${origin}/token`,
          jwks_uri: `${origin}/keys`,
          response_types_supported: ["code"],
          subject_types_supported: ["public"],
          id_token_signing_alg_values_supported: [algorithm],
          authorization_response_iss_parameter_supported: true,
          ...(userinfo && { userinfo_endpoint: `${origin}/userinfo` }),
        });
      case "/keys":
        return json({ keys: [jwk] });
      case "/authorize": {
        const code = randomBytes(16).toString("hex");
        codes.set(code, { query: url.searchParams, person });
        const back = new URL(url.searchParams.get("redirect_uri") ?? "");
        const state = url.searchParams.get("state") ?? "";
        for (const [name, value] of Object.entries({ code, state, iss: origin, ...lies.back })) {
          back.searchParams.set(name, value);
        }
        return void response.writeHead(302, { location: back.href }).end();
      }
      case "/token": {
        const form = new URLSearchParams(await textOf(request));
        const code = form.get("code") ?? "";
        const begun = codes.get(code);
        codes.delete(code);
        const challenge = createHash("sha256")
          .update(form.get("code_verifier") ?? "")
          .digest("base64url");
        const fits =
          begun?.query.get("code_challenge") === challenge &&
          begun.query.get("redirect_uri") === form.get("redirect_uri");
        if (request.headers.authorization !== basic) return json({ error: "invalid_client" }, 401);
        if (!begun || !fits) return json({ error: "invalid_grant" }, 400);
        const token = randomBytes(16).toString("hex");
        peopleOf.set(token, begun.person);
        return json({ access_token: token, token_type: "Bearer", id_token: await idToken(begun) });
      }
      case "/userinfo": {
        const known = peopleOf.get(request.headers.authorization?.slice("Bearer ".length) ?? "");
        return known ? json({ sub: known.sub, ...userinfo }) : json({}, 401);
      }
      default:
        return json({}, 404);
    }
  }

  function idToken({ query, person: signedIn }: { query: URLSearchParams; person: Person }): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: origin, aud: clientId, iat: now, exp: now + 300, nonce: query.get("nonce"), ...signedIn };
    return new SignJWT({ ...claims, ...lies.claims })
      .setProtectedHeader({ alg: algorithm, kid: "1" })
      .sign(lies.foreignKey ? foreign.privateKey : own.privateKey);
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    origin,
    clientId,
    clientSecret,
    /** The paths that were asked for, in order. */
    asked,
    /** From now on this person signs in. Only the userinfo endpoint tells `more`. */
    signsIn(next: Person, more?: Record<string, unknown>): void {
      person = next;
      userinfo = more;
    },
    tellLies(next: Lies): void {
      lies = next;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const basic = `Basic ${Buffer.from([clientId, clientSecret].map(formEncoded).join(":")).toString("base64")}`;

/** RFC 6749 §2.3.1. */
function formEncoded(text: string): string {
  return new URLSearchParams({ x: text }).toString().slice(2);
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
