import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { createSigner } from "fast-jwt";
import { Type } from "typebox";
import { systemClock } from "#platform/clock";
import { createHttp, type Http } from "#platform/http";
import { createLog } from "#platform/log";
import { callerOf, createIdentity, mayActFor, type Role, securitySchemes } from "./identity.ts";

const secret = "a secret of at least thirty-two bytes";
const options = { secret, issuer: "dropgate", trustUserHeader: false };
const identity = createIdentity(options);
const trusting = createIdentity({ ...options, trustUserHeader: true });
const hourMs = 3_600_000;

function bearer(role: Role, user = "ada") {
  return { authorization: `Bearer ${identity.issue({ user, role, ttlMs: hourMs })}` };
}

/** A token with any header and claims, signed with our own secret unless a signature is given. */
function forged(header: object, claims: object, signature?: string): { authorization: string } {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const input = `${part(header)}.${part(claims)}`;
  return {
    authorization: `Bearer ${input}.${signature ?? createHmac("sha256", secret).update(input).digest("base64url")}`,
  };
}

const userIds = [
  ...["o'brien", "auth0|5f#1", "https://issuer.example/u=1?x=2&y", "müller", "CN=Ada, O=Shop", "ada lovelace", "<b>"],
  ...['"quoted"', "100%", "*", "{p}:u", "__proto__", "用户", "x".repeat(255), "😀".repeat(255)],
];
const inAnHour = Math.floor(Date.now() / 1000) + 3600;
const claims = { iss: "dropgate", sub: "ada", roles: ["ADMIN"], exp: inAnHour };
const hs256 = { alg: "HS256", typ: "JWT" };

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return "none";
}

describe("a token", () => {
  test("names its bearer", () => {
    assert.deepEqual(identity.authenticate(bearer("WAREHOUSE", "eve@shop.example")), {
      userId: "eve@shop.example",
      roles: ["WAREHOUSE"],
    });
    assert.deepEqual(identity.authenticate(forged(hs256, claims)).userId, "ada");
    assert.equal(identity.authenticate(forged({ typ: "JWT", alg: "HS256" }, claims)).userId, "ada");
  });

  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  const { iss: _iss, ...noIssuer } = claims;
  const { exp: _exp, ...noExpiry } = claims;
  for (const [what, headers] of [
    ["without a signature", forged(hs256, claims, "")],
    ["with alg none", forged({ alg: "none" }, claims, "")],
    ["with alg none and a signature", forged({ alg: "none" }, claims)],
    ["with another algorithm", forged({ alg: "HS512" }, claims)],
    ["with an unknown critical header", forged({ ...hs256, crit: ["x"], x: 1 }, claims)],
    [
      "with an RSA signature",
      { authorization: `Bearer ${createSigner({ key: privateKey, algorithm: "RS256" })(claims)}` },
    ],
    ["of another secret", { authorization: `Bearer ${createSigner({ key: "another", algorithm: "HS256" })(claims)}` }],
    ["of another issuer", forged(hs256, { ...claims, iss: "else" })],
    ["of no issuer", forged(hs256, noIssuer)],
    ["without an end", forged(hs256, noExpiry)],
    ["with an end that is no number", forged(hs256, { ...claims, exp: "never" })],
    ["that has expired", forged(hs256, { ...claims, exp: inAnHour - 7200 })],
    ["that is not valid yet", forged(hs256, { ...claims, nbf: inAnHour })],
    ["without a user", forged(hs256, { ...claims, sub: "" })],
    ["of a user with a line break", forged(hs256, { ...claims, sub: "ada\nroot" })],
    ["with roles that are no list", forged(hs256, { ...claims, roles: "ADMIN" })],
    ["that is no token", { authorization: "Bearer nonsense" }],
    ["of another scheme", { authorization: "Basic YWRhOmFkYQ==" }],
    ["that is empty", { authorization: "" }],
  ] as const) {
    test(`${what} is refused, whatever X-User-Id says`, () => {
      assert.equal(
        codeOf(() => trusting.authenticate({ ...headers, "x-user-id": "ada" })),
        "unauthenticated",
      );
    });
  }

  for (const user of userIds) {
    test(`O12: keeps the user id ${JSON.stringify(user).slice(0, 40)} of another issuer unchanged`, () => {
      assert.equal(identity.authenticate(forged(hs256, { ...claims, sub: user })).userId, user);
      assert.equal(identity.authenticate(bearer("CUSTOMER", user)).userId, user);
    });
  }

  test("O12: refuses a user id that is longer, breaks a line or is no text", () => {
    for (const sub of [
      "x".repeat(256),
      "😀".repeat(256),
      "a\u0000b",
      "a\u0085b",
      "a\u2028b",
      "\ud800",
      7,
      null,
      ["ada"],
    ]) {
      assert.equal(
        codeOf(() => identity.authenticate(forged(hs256, { ...claims, sub }))),
        "unauthenticated",
        JSON.stringify(sub),
      );
    }
  });

  test("O12: is refused if its bytes are not UTF-8, so that two broken names do not become one user", () => {
    const head = Buffer.from(JSON.stringify(hs256)).toString("base64url");
    const text = Buffer.from(JSON.stringify(claims).replace("ada", "XX"), "latin1");
    const broken = Buffer.from(text.map((byte) => (byte === 0x58 ? 0xff : byte))).toString("base64url");
    const signature = createHmac("sha256", secret).update(`${head}.${broken}`).digest("base64url");
    const headers = { authorization: `Bearer ${head}.${broken}.${signature}` };
    assert.equal(
      codeOf(() => identity.authenticate(headers)),
      "unauthenticated",
    );
  });

  test("O12: is accepted if its issuer's clock differs by less than the leeway, and refused if by more", () => {
    const now = Math.floor(Date.now() / 1000);
    const taken = (change: object, leewayMs?: number) =>
      codeOf(() =>
        createIdentity({ ...options, ...(leewayMs !== undefined && { leewayMs }) }).authenticate(
          forged(hs256, { ...claims, ...change }),
        ),
      );
    assert.equal(taken({ exp: now - 20 }), "none");
    assert.equal(taken({ nbf: now + 20 }), "none");
    assert.equal(taken({ exp: now - 40 }), "unauthenticated");
    assert.equal(taken({ nbf: now + 60 }), "unauthenticated");
    assert.equal(taken({ exp: now - 20 }, 0), "unauthenticated");
    assert.equal(taken({ exp: now - 100 }, 200_000), "none");
  });

  test("O12: for another audience is refused if one is configured, and accepted if none is", () => {
    const shop = createIdentity({ ...options, audience: "shop" });
    const codes = [undefined, "bank", ["bank", "post"], "shop", ["bank", "shop"]].map((aud) =>
      codeOf(() => shop.authenticate(forged(hs256, { ...claims, aud }))),
    );
    assert.deepEqual(codes, ["unauthenticated", "unauthenticated", "unauthenticated", "none", "none"]);
    assert.equal(
      codeOf(() => identity.authenticate(forged(hs256, { ...claims, aud: "bank" }))),
      "none",
    );
    const own = shop.issue({ user: "ada", role: "ADMIN", ttlMs: hourMs });
    assert.equal(
      codeOf(() => shop.authenticate({ authorization: `Bearer ${own}` })),
      "none",
    );
  });

  test("carries only roles that exist", () => {
    assert.deepEqual(identity.authenticate(forged(hs256, { ...claims, roles: ["ROOT", "CUSTOMER", 7] })).roles, [
      "CUSTOMER",
    ]);
  });

  test("needs a secret as long as its hash, and a valid user id", () => {
    assert.throws(() => createIdentity({ ...options, secret: "short" }), /needs 32 or more/);
    assert.throws(() => identity.issue({ user: "a\tb", role: "ADMIN", ttlMs: hourMs }), /cannot be a user id/);
  });
});

describe("X-User-Id", () => {
  test("makes a customer if it is trusted, and has no effect otherwise", () => {
    assert.deepEqual(trusting.authenticate({ "x-user-id": "ada" }), { userId: "ada", roles: ["CUSTOMER"] });
    assert.equal(
      codeOf(() => identity.authenticate({ "x-user-id": "ada" })),
      "unauthenticated",
    );
    assert.equal(
      codeOf(() => trusting.authenticate({})),
      "unauthenticated",
    );
  });

  test("O12: names the same person in UTF-8, in Latin-1 and in a token", () => {
    const asNodeReadsIt = Buffer.from("müller").toString("latin1");
    assert.equal(trusting.authenticate({ "x-user-id": asNodeReadsIt }).userId, "müller");
    assert.equal(trusting.authenticate({ "x-user-id": "müller" }).userId, "müller");
  });

  test("is ignored beside a token", () => {
    assert.equal(trusting.authenticate({ ...bearer("CUSTOMER", "bob"), "x-user-id": "ada" }).userId, "bob");
  });

  test("is refused if it is not a name", () => {
    for (const name of ["", "a\tb", "x".repeat(256), "ada, bob", "a\u007fb"]) {
      assert.equal(
        codeOf(() => trusting.authenticate({ "x-user-id": name })),
        "validation",
        name,
      );
    }
  });
});

describe("a guard", () => {
  let http: Http;
  before(async () => {
    http = await createHttp({
      log: createLog({ level: "silent" }),
      clock: systemClock,
      openApi: { title: "T", version: "1", securitySchemes },
    });
    const schema = { body: Type.Object({ quantity: Type.Integer() }, { additionalProperties: false }) };
    http.post("/orders", { onRequest: identity.guard("CUSTOMER"), schema }, async (request) => callerOf(request));
    http.post("/stock", { onRequest: identity.guard("WAREHOUSE", "ADMIN"), schema }, async (request) =>
      callerOf(request),
    );
    http.post("/prices", { onRequest: identity.guard("ADMIN"), schema }, async (request) => callerOf(request));
    http.get("/unguarded", async (request) => callerOf(request));
  });
  after(() => http.close());

  const post = (url: string, headers: Record<string, string>, payload: object = { quantity: 1 }) =>
    http.inject({ method: "POST", url, headers, payload });

  test("admits the roles that it asks for, ADMIN everywhere, and every role to buy", async () => {
    const passing: Record<string, Role[]> = {
      "/orders": ["CUSTOMER", "WAREHOUSE", "ADMIN"],
      "/stock": ["WAREHOUSE", "ADMIN"],
      "/prices": ["ADMIN"],
    };
    for (const [url, allowed] of Object.entries(passing)) {
      for (const role of ["CUSTOMER", "WAREHOUSE", "ADMIN"] as const) {
        const answer = await post(url, bearer(role));
        assert.equal(answer.statusCode, allowed.includes(role) ? 200 : 403, `${role} ${url}`);
        if (!allowed.includes(role)) assert.equal(answer.json().code, "forbidden");
      }
    }
  });

  test("tells a caller without a token nothing about valid requests", async () => {
    const answer = await post("/orders", {}, { nonsense: true });
    assert.equal(answer.statusCode, 401);
    assert.equal(answer.json().code, "unauthenticated");
    assert.equal(answer.headers["www-authenticate"], 'Bearer realm="dropgate"');
    assert.equal((await post("/prices", bearer("CUSTOMER"), { nonsense: true })).statusCode, 403);
    assert.equal((await post("/orders", bearer("CUSTOMER"), { nonsense: true })).statusCode, 400);
  });

  test("says why a token is refused", async () => {
    const answer = await post("/orders", forged(hs256, { ...claims, exp: 1 }));
    assert.equal(answer.statusCode, 401);
    assert.match(
      String(answer.headers["www-authenticate"]),
      /error="invalid_token", error_description="The token has expired"/,
    );
  });

  test("is required: a handler without one that asks for the caller fails", async () => {
    assert.equal((await http.inject("/unguarded")).statusCode, 500);
  });

  test("appears in the OpenAPI document with its demands and its answers", async () => {
    const { paths } = (await http.inject("/openapi.json")).json();
    const everyRole = [{ bearer: ["CUSTOMER"] }, { bearer: ["WAREHOUSE"] }, { bearer: ["ADMIN"] }];
    assert.deepEqual(paths["/orders"].post.security, [...everyRole, { cookie: [] }, { userHeader: [] }]);
    assert.deepEqual(paths["/prices"].post.security, [{ bearer: ["ADMIN"] }, { cookie: [] }]);
    assert.match(paths["/prices"].post.responses["403"].description, /forbidden/);
    assert.equal(paths["/unguarded"].get.security, undefined);
  });
});

test("a person's data is for that person and for an ADMIN", () => {
  const caller = { userId: "ada", roles: ["CUSTOMER"] as const };
  assert.equal(mayActFor(caller, "ada"), true);
  assert.equal(mayActFor(caller, "bob"), false);
  assert.equal(mayActFor({ userId: "ada", roles: ["WAREHOUSE"] }, "bob"), false);
  assert.equal(mayActFor({ userId: "ada", roles: ["ADMIN"] }, "bob"), true);
});
