/** The access that a caller gets by tokens and headers: hazard A1, through the real address. */
import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { createIdentity } from "#identity";
import { createMetrics } from "#platform/metrics";
import { createServer } from "../../src/server.ts";
import type { Order, Problem, Reconciliation } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { openWorld, type World } from "../support/world.ts";
import { type Document, operationsOf } from "./hostile-requests.ts";
import { ask } from "./raw-http.ts";

const secret = "a secret for tests that has more than 32 bytes";
const inAnHour = Math.floor(Date.now() / 1_000) + 3_600;
const claims = { iss: "dropgate", sub: "ada", roles: ["ADMIN"], exp: inAnHour };
const hs256 = { alg: "HS256", typ: "JWT" };
function part(value: object) {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function token(header: object, body: object, key: string | undefined = secret, hash = "sha256"): string {
  const input = `${part(header)}.${part(body)}`;
  return `${input}.${key === undefined ? "" : createHmac(hash, key).update(input).digest("base64url")}`;
}

describe("A1: a caller", () => {
  let world: World;
  /** The same system with X-User-Id trusted (`world.origin`), and without. */
  let strict: string;
  let closeStrict: (() => Promise<void>) | undefined;
  let document: Document;
  let lamp: string;
  let adas: string;
  before(async () => {
    world = await openWorld({
      settings: { RATE_LIMIT_PERSON: "0", RATE_LIMIT_FORGED_TOKENS: "0", PUBLIC_URL: "https://shop.example" },
    });
    const identity = createIdentity({ secret, issuer: "dropgate", trustUserHeader: false });
    const app = await createServer({ ...world.system.faces, identity, metrics: createMetrics() });
    strict = await app.listen({ port: 0, host: "127.0.0.1" });
    closeStrict = () => app.close();
    document = (await world.anonymous.get<Document>("/openapi.json")).body;
    lamp = await world.newProduct({ stock: 10 });
    adas = (await world.place(world.as("ada"), lamp)).orderId;
    await world.untilStatus(world.as("ada"), adas, "PAYMENT_PENDING");
  });
  after(async () => {
    await closeStrict?.();
    await world.close();
  });

  /** The answers of three kinds of routes: an admin's, a buyer's, and the owner's. */
  async function knock(headers: string[], { origin = world.origin, query = "" } = {}) {
    const doors = [
      ["PUT", "/admin/gatekeeper", '{"mode":"closed"}'],
      ["POST", "/orders", JSON.stringify({ productId: lamp, quantity: 1 })],
      ["POST", `/orders/${adas}/cancel`, ""],
      ["GET", `/orders/${adas}`, ""],
      ["GET", `/orders/${adas}/events`, ""],
    ] as const;
    const answers: { status: number; code: string }[] = [];
    for (const [method, path, body] of doors) {
      const json = body && ["Content-Type: application/json", `Content-Length: ${body.length}`];
      const lines = [`${method} ${path}${query} HTTP/1.1`, "Host: shop.example", ...headers, ...json, "", body];
      const answer = await ask(origin, lines.join("\r\n"));
      assert.ok(answer);
      const problem = answer.status < 400 ? undefined : (JSON.parse(answer.body) as Problem);
      answers.push({ status: answer.status, code: problem?.code ?? "" });
    }
    return answers;
  }

  async function assertNothingDone(): Promise<void> {
    const { body } = await world.admin.get<Reconciliation>("/admin/reconcile");
    assert.equal(body.mode, "gatekeeper");
    assert.equal((await world.untilAtRest(lamp)).held, 1);
    assert.equal((await world.as("ada").get<Order>(`/orders/${adas}`)).body.status, "PAYMENT_PENDING");
  }

  async function assertStranger(headers: string[], where: { origin?: string; query?: string } = {}): Promise<void> {
    for (const answer of await knock(headers, where))
      assert.deepEqual(answer, { status: 401, code: "unauthenticated" });
    await assertNothingDone();
  }

  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
  const rs256 = `${part({ alg: "RS256", typ: "JWT" })}.${part(claims)}`;
  const eves = token(hs256, { ...claims, sub: "eve", roles: ["CUSTOMER"] });
  const [header = "", , signature = ""] = eves.split(".");
  const { exp: _exp, ...endless } = claims;
  const { iss: _iss, ...withoutIssuer } = claims;

  for (const [what, bearer] of [
    ["with a signature by another secret", token(hs256, claims, "another secret of more than thirty-two bytes")],
    [
      "with an empty key, as a kid that leads nowhere would give",
      token({ ...hs256, kid: "../../dev/null" }, claims, ""),
    ],
    ["with a signature cut short", token(hs256, claims).slice(0, -1)],
    ["with its last character changed", token(hs256, claims).replace(/.$/, (last) => (last === "A" ? "B" : "A"))],
    ["with alg none", token({ alg: "none", typ: "JWT" }, claims, undefined)],
    ["with alg nOnE and our signature", token({ alg: "nOnE", typ: "JWT" }, claims)],
    ["with alg HS512 and our secret", token({ alg: "HS512", typ: "JWT" }, claims, secret, "sha512")],
    ["with alg RS256", `${rs256}.${sign("sha256", Buffer.from(rs256), privateKey).toString("base64url")}`],
    ["with a public key as the secret", token(hs256, claims, pem)],
    ["with a key of its own in its header", token({ ...hs256, jwk: publicKey.export({ format: "jwk" }) }, claims, pem)],
    ["that has expired", token(hs256, { ...claims, exp: inAnHour - 7_200 })],
    ["that is not valid yet", token(hs256, { ...claims, nbf: inAnHour })],
    ["of another issuer", token(hs256, { ...claims, iss: "dropgate.example" })],
    ["of no issuer", token(hs256, withoutIssuer)],
    ["without an end", token(hs256, endless)],
    ["with an end in a text", token(hs256, { ...claims, exp: String(inAnHour) })],
    ["whose roles were changed after it was signed", `${header}.${part(claims)}.${signature}`],
    ["in two parts", eves.slice(0, eves.lastIndexOf("."))],
    ["in four parts", `${eves}.${signature}`],
    ["with a header line appended", `${eves}%0d%0aX-Role:ADMIN`],
  ] as const) {
    test(`with a token ${what} is unauthenticated, also beside X-User-Id`, () =>
      assertStranger([`Authorization: Bearer ${bearer}`, "X-User-Id: ada"]));
  }

  const good = `Authorization: Bearer ${eves}`;
  for (const authorization of [
    "",
    "Bearer",
    "Bearer ",
    eves,
    `Token ${eves}`,
    `Bearer${eves}`,
    `Bearer  Bearer ${eves}`,
    "Basic YWRtaW46YWRtaW4=",
    "Digest username=admin",
    "Bearer null",
    "Bearer undefined",
    `Bearer ${"x".repeat(8_000)}`,
    "Bearer \u00e4\u00f6\u00fc",
    `Bearer ${eves}, Bearer ${eves}`,
  ]) {
    test(`with Authorization: ${authorization.slice(0, 30)} is unauthenticated`, () =>
      assertStranger([`Authorization: ${authorization}`, "X-User-Id: ada"]));
  }

  test("with two Authorization headers is unauthenticated, whichever of them is valid", async () => {
    await assertStranger([good, "Authorization: Bearer nonsense"]);
    await assertStranger(["Authorization: Bearer nonsense", good]);
    await assertStranger([good, good]);
  });

  test("with a token in the query, in a cookie or in another header is unauthenticated", async () => {
    const query = `?access_token=${eves}&token=${eves}&authorization=Bearer%20${eves}`;
    const headers = [`Cookie: token=${eves}; access_token=${eves}`, `X-Authorization: Bearer ${eves}`];
    await assertStranger([...headers, `Proxy-Authorization: Bearer ${eves}`], { origin: strict });
    for (const { status } of await knock([], { origin: strict, query })) assert.equal(status, 401);
    await assertNothingDone();
  });

  const spoofed = [
    ...["X-Role: ADMIN", "X-Roles: ADMIN", "X-User-Role: ADMIN", "X-User-Roles: ADMIN,WAREHOUSE", "Role: ADMIN"],
    ...["X-Forwarded-User: admin", "X-Remote-User: admin", "X-Auth-Request-User: admin", "X-Authenticated-User: admin"],
    ...["X-Forwarded-For: 127.0.0.1", "X-Real-IP: 127.0.0.1", "Forwarded: for=127.0.0.1;by=proxy", "Via: 1.1 gateway"],
    ...["X-Forwarded-Host: localhost", "X-Original-URL: /time", "X-Rewrite-URL: /time", "X-HTTP-Method-Override: GET"],
  ];

  test("is named by headers only if these are trusted", () =>
    assertStranger(["X-User-Id: ada", ...spoofed], { origin: strict }));

  test("with X-User-Id is a customer and never more, on every route of the document", async () => {
    const guarded = operationsOf(document).filter(({ security }) => security !== undefined);
    const higher = guarded.filter(({ security = [] }) => !security.some(({ bearer }) => bearer?.includes("CUSTOMER")));
    assert.ok(higher.length >= 9);
    for (const { method, path } of higher) {
      const target = path.replaceAll(/\{\w+\}/g, lamp);
      for (const user of ["admin", "ADMIN", "root", "ada,ADMIN", "ada|ADMIN"]) {
        const lines = [`${method} ${target} HTTP/1.1`, "Host: localhost", `X-User-Id: ${user}`, ...spoofed, "", ""];
        const answer = await ask(world.origin, lines.join("\r\n"));
        assert.ok(answer?.status === 403 || (user.includes(",") && answer?.status === 400), `${user} ${path}`);
      }
    }
    await assertNothingDone();
  });

  test("with a token is the user in it, whatever other headers say", async () => {
    const answers = await knock([good, "X-User-Id: ada", ...spoofed]);
    const codes = answers.map(({ status, code }) => code || status);
    assert.deepEqual(codes, ["forbidden", 202, "order_not_found", "order_not_found", "order_not_found"]);
    const eve = world.as("eve");
    const hers = await eventually(async () => (await eve.get<{ orders: Order[] }>("/orders")).body.orders[0]);
    await world.untilStatus(eve, hers.orderId, "PAYMENT_PENDING");
    assert.equal((await eve.post(`/orders/${hers.orderId}/cancel`)).status, 202);
    await assertNothingDone();
  });

  test("cannot distinguish another person's order from one that does not exist", async () => {
    const doors = [
      (id: string) => ["GET", `/orders/${id}`] as const,
      (id: string) => ["GET", `/orders/${id}/events`] as const,
      (id: string) => ["POST", `/orders/${id}/cancel`] as const,
      (id: string) => ["POST", `/orders/${id}/payment`, '{"cardNumber":"4242424242424242"}'] as const,
    ];
    const unknown = adas.replace(/^..../, (first) => (first === "0000" ? "1111" : "0000"));
    for (const client of [world.as("eve"), world.as("wendy", "WAREHOUSE")]) {
      for (const door of doors) {
        const [hers, none] = await Promise.all(
          [adas, unknown].map(async (id) => {
            const [method, path, body] = door(id);
            const {
              status,
              headers,
              body: problem,
            } = await client.raw(method, path, body, {
              ...(body && { "content-type": "application/json" }),
            });
            const { instance: _, ...said } = problem as Problem & { instance: string };
            return { status, said, names: Object.keys(headers).toSorted() };
          }),
        );
        assert.equal(hers?.status, 404);
        assert.deepEqual(hers, none);
      }
    }
    await assertNothingDone();
  });

  test("lists only their own orders, even with another person's cursor", async () => {
    const { body } = await world.as("bob").get<{ orders: Order[] }>("/orders?limit=1");
    assert.deepEqual(body.orders, []);
    const seen = (await world.as("ada").get<Order>(`/orders/${adas}`)).body;
    const after = Buffer.from(`${Date.parse(seen.placedAt) + 1_000} ${adas}`).toString("base64url");
    const page = await world.as("bob").get<{ orders: Order[] }>(`/orders?cursor=${after}`);
    assert.deepEqual([page.status, page.body.orders], [200, []]);
    const hers = await world.as("ada").get<{ orders: Order[] }>(`/orders?cursor=${after}`);
    assert.deepEqual(
      hers.body.orders.map(({ orderId }) => orderId),
      [adas],
    );
  });
});
