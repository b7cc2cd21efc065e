import assert from "node:assert/strict";
import { after, before, describe, mock, test } from "node:test";
import { systemClock } from "#platform/clock";
import { createHttp } from "#platform/http";
import { createLog } from "#platform/log";
import { createIdentity } from "./identity.ts";
import type { LimitSettings } from "./limits.ts";
import { createGuesses } from "./sign-in/guesses.ts";

const secret = "a secret of at least thirty-two bytes";
const none: LimitSettings = { perPerson: 0, perAddress: 0, forgedTokens: 0 };

async function openShop(limits: Partial<LimitSettings>, trustProxy?: string) {
  const http = await createHttp({
    log: createLog({ level: "silent" }),
    clock: systemClock,
    trustProxy,
    openApi: { title: "T", version: "1" },
  });
  const identity = createIdentity({ secret, issuer: "shop", trustUserHeader: true, limits: { ...none, ...limits } });
  http.post("/orders", { onRequest: identity.limitedGuard("CUSTOMER") }, async () => ({}));
  http.get("/orders", { onRequest: identity.guard("CUSTOMER") }, async () => ({}));
  return {
    identity,
    async ask(user: string, { method = "POST", from = "192.0.2.1", ...headers }: Record<string, string> = {}) {
      const asked = { method: method as "POST", url: "/orders", remoteAddress: from };
      return http.inject({ ...asked, headers: { ...(user && { "x-user-id": user }), ...headers } });
    },
  };
}

describe("limits", () => {
  // The headers tell whole seconds: no time passes, however slow the machine is.
  before(() => {
    const atMs = performance.now();
    mock.method(performance, "now", () => atMs);
  });
  after(() => mock.restoreAll());

  test("stop a person who acts too often, with the headers of the draft, and no other person", async () => {
    const { ask } = await openShop({ perPerson: 2 });
    const first = await ask("ada");
    assert.equal(first.statusCode, 200);
    assert.equal(first.headers["ratelimit-policy"], '"person";q=2;w=60');
    assert.equal(first.headers.ratelimit, '"person";r=1;t=30');
    assert.equal((await ask("ada")).headers.ratelimit, '"person";r=0;t=60');
    const refused = await ask("ada");
    assert.equal(refused.statusCode, 429);
    assert.equal(refused.json().code, "rate_limited");
    assert.match(refused.json().detail, /Nothing was done/);
    assert.equal(refused.headers.ratelimit, '"person";r=0;t=60');
    assert.equal(refused.headers["retry-after"], "30");
    assert.equal((await ask("bob")).statusCode, 200);
    assert.equal((await ask("ada", { method: "GET" })).statusCode, 200);
  });

  test("send no headers and stop no request if they are off", async () => {
    const { ask } = await openShop({});
    for (let count = 0; count < 50; count += 1) {
      const { statusCode, headers } = await ask("ada");
      assert.deepEqual([statusCode, headers.ratelimit, headers["ratelimit-policy"]], [200, undefined, undefined]);
    }
  });

  test("stop an address for every person there, without counting against their own limits", async () => {
    const { ask } = await openShop({ perPerson: 2, perAddress: 3 });
    for (const user of ["ada", "bob", "cleo"]) assert.equal((await ask(user)).statusCode, 200);
    const refused = await ask("dora");
    assert.equal(refused.statusCode, 429);
    assert.equal(refused.headers["ratelimit-policy"], '"person";q=2;w=60, "address";q=3;w=60');
    assert.equal(refused.headers.ratelimit, '"address";r=0;t=60');
    const elsewhere = await ask("dora", { from: "2001:db8::1" });
    assert.equal(elsewhere.headers.ratelimit, '"person";r=1;t=30, "address";r=2;t=20');
  });

  test("use the client's address from a trusted proxy, and ignore addresses from other senders", async () => {
    const { ask } = await openShop({ perAddress: 1 }, "10.0.0.0/8");
    const through = (proxy: string, path: string) => ask("ada", { from: proxy, "x-forwarded-for": path });
    assert.equal((await through("10.1.1.1", "198.51.100.1")).statusCode, 200);
    assert.equal((await through("10.1.1.1", "198.51.100.2")).statusCode, 200);
    assert.equal((await through("10.2.2.2", "198.51.100.2")).statusCode, 429);
    assert.equal(
      (await through("10.2.2.2", "203.0.113.9, 198.51.100.2, 10.9.9.9")).statusCode,
      429,
      "the last of ours",
    );
    assert.equal((await through("192.0.2.1", "198.51.100.3")).statusCode, 200);
    assert.equal((await through("192.0.2.1", "198.51.100.4")).statusCode, 429, "of an unknown proxy");
    assert.equal((await ask("ada", { from: "192.0.2.1", forwarded: "for=198.51.100.5" })).statusCode, 429);
    assert.equal((await ask("ada", { from: "192.0.2.1", "x-real-ip": "198.51.100.6" })).statusCode, 429);
  });

  test("stop tokens that we never signed, and not our own tokens, valid or expired, from the same address", async () => {
    const { ask, identity } = await openShop({ forgedTokens: 2 });
    const bearer = (ttlMs: number) => ({
      authorization: `Bearer ${identity.issue({ user: "ada", role: "CUSTOMER", ttlMs })}`,
    });
    const statusOf = async (headers: Record<string, string>) => (await ask("", headers)).statusCode;
    const { authorization } = bearer(60_000);
    const forged = { authorization: `${authorization.slice(0, -3)}${authorization.endsWith("AAA") ? "EEE" : "AAA"}` };
    for (const expected of [401, 401, 429, 429]) assert.equal(await statusOf(forged), expected);
    const refused = await ask("", forged);
    assert.equal(refused.headers["ratelimit-policy"], '"forged-tokens";q=2;w=60');
    assert.equal(refused.headers["retry-after"], "30");
    assert.equal(await statusOf(bearer(60_000)), 200);
    assert.equal(await statusOf(bearer(-60_000)), 401);
    assert.equal(await statusOf({}), 401);
    assert.equal(await statusOf({ ...forged, from: "192.0.2.2" }), 401);
  });

  test("O7: count a client once, whichever port and spelling a proxy writes for the address", async () => {
    const { ask } = await openShop({ perAddress: 1 }, "10.0.0.0/8, 2001:db8:ffff::/48");
    const through = async (proxy: string, path: string) =>
      (await ask("ada", { from: proxy, "x-forwarded-for": path })).statusCode;
    assert.equal(await through("10.1.1.1", "198.51.100.1:50001"), 200);
    for (const same of ["198.51.100.1:50002", "198.51.100.1", "::ffff:198.51.100.1", "[::FFFF:C633:6401]:9"]) {
      assert.equal(await through("::ffff:10.1.1.1", same), 429, same);
    }
    assert.equal(await through("2001:DB8:FFFF::1", "[2001:DB8:0:1::1]:50001"), 200);
    for (const same of ["[2001:db8:0:1::1]:50002", "2001:db8:0:1:ffff::9", "2001:0db8:0000:0001::2"]) {
      assert.equal(await through("10.1.1.1", same), 429, same);
    }
    assert.equal(await through("10.1.1.1", "198.51.100.2, 10.7.7.7:443"), 200, "a proxy of ours with its port");
    assert.equal(await through("10.1.1.1", "198.51.100.2:1, [::ffff:10.7.7.7]:443"), 429);
  });

  test("O13: no cache keeps a guarded answer, nor its refusal", async () => {
    const { ask } = await openShop({ perPerson: 1 });
    const answers = [
      await ask("ada"),
      await ask("ada"),
      await ask(""),
      await ask("b, d"),
      await ask("bob", { method: "GET" }),
    ];
    assert.deepEqual(
      answers.map(({ statusCode }) => statusCode),
      [200, 429, 401, 400, 200],
    );
    for (const { headers } of answers) assert.equal(headers["cache-control"], "no-store");
  });
});

test("a sender who is refused cannot have their own count forgotten by tries for many addresses", () => {
  const guesses = createGuesses({ limit: 2, windowMs: 3_600_000 });
  const tried = (address: string) => guesses.begin(`password of ${address}`, "passwords from 192.0.2.1");
  for (let i = 0; i < 2; i += 1) assert.ok(tried("ada@shop.example").ok);
  for (let i = 0; i < 100_001; i += 1) assert.ok(!tried(`${i}@shop.example`).ok);
  assert.ok(!tried("eva@shop.example").ok);
  assert.ok(!guesses.begin("password of ada@shop.example", "passwords from 192.0.2.2").ok);
});

test("a count of failed tries is not forgotten for tries that succeed, or that the shop had no time for", () => {
  const guesses = createGuesses({ limit: 2, windowMs: 3_600_000 });
  for (let i = 0; i < 2; i += 1) assert.ok(guesses.begin("password of ada@shop.example").ok);
  for (let i = 0; i < 100_001; i += 1) {
    const guess = guesses.begin(`password of ${i}@shop.example`, "passwords from 192.0.2.1");
    assert.ok(guess.ok);
    guess.succeeded();
  }
  assert.ok(!guesses.begin("password of ada@shop.example").ok);
});
