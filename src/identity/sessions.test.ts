import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { until } from "../../test/support/until.ts";
import { createBrowser, openShop, type Shop } from "./browser.testing.ts";

let shop: Shop;
before(async () => {
  shop = await openShop();
});
after(() => shop.close());

async function signedIn(person = "ada") {
  const browser = shop.browser();
  assert.equal((await browser.post("/session/demo", { person })).status, 200);
  return browser;
}

describe("a session", () => {
  test("is two cookies that no script reads: one for all requests, one for /session alone", async () => {
    const { cookies, body } = await shop.browser().post("/session/demo", { person: "ada" });
    assert.deepEqual([body.account.userId, body.account.roles], ["ada", ["CUSTOMER"]]);
    assert.match(
      cookies["__Host-dropgate"] ?? "",
      /^__Host-dropgate=[\w.-]+; Path=\/; Max-Age=900; HttpOnly; SameSite=Lax; Secure$/,
    );
    assert.match(
      cookies["__Secure-dropgate-refresh"] ?? "",
      /^[\w-]+=[\w-]{43}; Path=\/session; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure$/,
    );
    const [{ count }] = (await shop.sql.query("select count(*) from identity.session where refresh_hash is null")) as [
      { count: number },
    ];
    assert.equal(count, 0);
  });

  test("counts after Authorization and before X-User-Id", async () => {
    const ada = await signedIn();
    const bob = { authorization: `Bearer ${shop.identity.issue({ user: "bob", role: "CUSTOMER", ttlMs: 60_000 })}` };
    assert.equal((await ada.post("/buy", undefined, { "x-user-id": "eve" })).body.userId, "ada");
    assert.equal((await ada.post("/buy", undefined, { "x-user-id": "eve", ...bob })).body.userId, "bob");
    assert.equal((await shop.browser().post("/buy", undefined, { "x-user-id": "eve" })).body.userId, "eve");
    assert.equal((await ada.post("/buy", undefined, { authorization: "Bearer nonsense" })).status, 401);
  });

  test("does nothing for a page that names another person than its own", async () => {
    const ada = await signedIn();
    assert.equal((await ada.post("/buy", undefined, { "as-user": "ada" })).status, 200);
    const answers = [
      await ada.post("/buy", undefined, { "as-user": "linus" }),
      await ada.get("/buy", { "as-user": "linus" }),
    ];
    for (const { status, body } of answers) assert.deepEqual([status, body.code], [412, "other_person"]);
  });

  test("N2: gets a new id and a new secret at every log-in", async () => {
    const browser = await signedIn();
    const before = new Map(browser.jar);
    await browser.post("/session/demo", { person: "ada" });
    for (const [name, value] of before) assert.notEqual(browser.jar.get(name), value);
  });

  test("is renewed by its refresh cookie, which stays, so that two tabs may renew at once", async () => {
    const browser = await signedIn();
    const secret = browser.jar.get(shop.cookies.refresh);
    browser.jar.delete(shop.cookies.session);
    assert.deepEqual((await browser.get("/session")).body.mayRefresh, true);
    const [one, two] = await Promise.all([browser.post("/session/refresh"), browser.post("/session/refresh")]);
    assert.deepEqual([one.status, two.status], [200, 200]);
    assert.equal(browser.jar.get(shop.cookies.refresh), secret);
    assert.equal((await browser.post("/buy")).status, 200);
  });

  test("ends after thirty days without use, and lives on with use", async (t) => {
    const browser = await signedIn();
    const dayMs = 24 * 60 * 60_000;
    t.after(() => shop.wait(-81 * dayMs));
    for (const days of [25, 25]) {
      shop.wait(days * dayMs);
      assert.equal((await browser.post("/session/refresh")).status, 200);
    }
    shop.wait(31 * dayMs);
    assert.equal((await browser.post("/session/refresh")).status, 401);
    assert.equal(browser.jar.size, 0);
  });
});

describe("a session that has ended", () => {
  test("N3: is refused in this process at once, and in every other within a second", async () => {
    const browser = await signedIn();
    const stolen = createBrowser(shop.other.app);
    for (const [name, value] of browser.jar) stolen.jar.set(name, value);
    assert.equal((await stolen.post("/buy")).status, 200);
    assert.equal((await browser.delete("/session")).status, 204);
    assert.equal(browser.jar.size, 0);
    const token = { cookie: `${shop.cookies.session}=${stolen.jar.get(shop.cookies.session)}` };
    assert.equal((await shop.browser().post("/buy", undefined, token)).status, 401);
    await until(async () => (await stolen.post("/buy")).status === 401);
    const renewed = await stolen.post("/session/refresh");
    assert.deepEqual([renewed.status, renewed.body.code], [401, "unauthenticated"]);
  });

  test("is in the owner's list also among more than a page has, each of them once and the latest first", async () => {
    const browsers = [await signedIn("linus"), await signedIn("linus"), await signedIn("linus")];
    const [here] = browsers;
    const whole = (await here?.get("/account/sessions"))?.body;
    assert.equal(whole.nextCursor, null);
    const pageOf = async (cursor: string) =>
      here?.get(`/account/sessions?limit=1${cursor && `&cursor=${cursor}`}`) as ReturnType<
        NonNullable<typeof here>["get"]
      >;
    const seen: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const answer = await pageOf(cursor);
      assert.deepEqual([answer.status, answer.body.items.length], [200, 1]);
      seen.push(answer.body.items[0].sessionId);
      cursor = answer.body.nextCursor;
    }
    assert.deepEqual(
      seen,
      whole.items.map(({ sessionId }: { sessionId: string }) => sessionId),
    );
    const grace = await signedIn("grace");
    const asAdmin = (await grace.get("/admin/users/linus/sessions?limit=2")).body;
    assert.equal(asAdmin.items.length, 2);
    const rest = (await grace.get(`/admin/users/linus/sessions?cursor=${asAdmin.nextCursor}`)).body;
    assert.deepEqual([rest.items.length, rest.nextCursor], [seen.length - 2, null]);
    assert.equal((await here?.get("/account/sessions?cursor=nonsense"))?.status, 400);
    for (const { sessionId } of asAdmin.items.concat(rest.items)) {
      await grace.delete(`/admin/users/linus/sessions/${sessionId}`);
    }
  });

  test("is one of the owner's list, where it can be ended from elsewhere, and of no other person's", async () => {
    const [here, there] = [await signedIn("linus"), await signedIn("linus")];
    const { items } = (await here.get("/account/sessions")).body;
    assert.equal(items.length, 2);
    const [other] = items.filter(({ isCurrent }: { isCurrent: boolean }) => !isCurrent);
    const grace = await signedIn("grace");
    assert.equal((await grace.delete(`/account/sessions/${other.sessionId}`)).status, 404);
    assert.equal((await there.get("/buy")).status, 200);
    assert.equal((await here.delete(`/account/sessions/${other.sessionId}`)).status, 204);
    assert.equal((await there.get("/buy")).status, 401);
    assert.equal((await here.get("/buy")).status, 200);
  });

  test("N3: is that of a disabled account, everywhere within a second and without a way back", async (t) => {
    const browser = await signedIn("linus");
    await shop.sql.query(
      "update identity.account set disabled_at = now(), version = version + 1, changed_at = now() where account_id = 'linus'",
    );
    t.after(() => shop.sql.query("update identity.account set disabled_at = null where account_id = 'linus'"));
    await until(async () => (await browser.get("/buy")).status === 401);
    assert.equal((await browser.post("/session/refresh")).status, 401);
    assert.equal((await browser.post("/session/demo", { person: "linus" })).status, 404);
  });

  test("N3: is one whose roles changed; renewing it gives the new roles under a new id", async (t) => {
    const browser = await signedIn("grace");
    assert.equal((await browser.post("/prices")).status, 200);
    const setRoles = (roles: string[]) =>
      shop.sql.query(
        "update identity.account set roles = $1, version = version + 1, changed_at = now() where account_id = 'grace'",
        [roles],
      );
    await setRoles(["CUSTOMER"]);
    t.after(() => setRoles(["ADMIN"]));
    await until(async () => (await browser.post("/prices")).status === 401);
    const old = browser.jar.get(shop.cookies.refresh);
    assert.deepEqual((await browser.post("/session/refresh")).body.account.roles, ["CUSTOMER"]);
    assert.notEqual(browser.jar.get(shop.cookies.refresh), old);
    assert.equal((await browser.post("/prices")).status, 403);
    assert.equal((await browser.post("/buy")).status, 200);
  });

  test("N3: is renewed for a minute after a change of its account, because the answer may be lost, and no longer", async (t) => {
    const browser = await signedIn("linus");
    const old = browser.jar.get(shop.cookies.refresh) ?? "";
    const withOld = () => {
      const again = shop.browser();
      again.jar.set(shop.cookies.refresh, old);
      return again;
    };
    await shop.sql.query(
      "update identity.account set version = version + 1, changed_at = now() where account_id = 'linus'",
    );
    assert.equal((await browser.post("/session/refresh")).status, 200);
    t.after(() => shop.wait(-61_000));
    for (const seconds of [30, 29]) {
      shop.wait(seconds * 1_000);
      const again = withOld();
      assert.equal((await again.post("/session/refresh")).status, 200);
      assert.notEqual(again.jar.get(shop.cookies.refresh), old);
      assert.equal((await again.post("/buy")).status, 200);
    }
    shop.wait(2_000);
    assert.equal((await withOld().post("/session/refresh")).status, 401);
    assert.equal((await browser.post("/session/refresh")).status, 200);
  });
});

describe("a request that a cookie authorises", () => {
  for (const [what, headers, expected] of [
    ["of another site", { "sec-fetch-site": "cross-site" }, 403],
    ["of a sibling subdomain", { "sec-fetch-site": "same-site" }, 403],
    ["of another site that claims our Origin", { "sec-fetch-site": "cross-site", origin: "http://localhost" }, 403],
    ["with a foreign Origin alone", { "sec-fetch-site": undefined, origin: "http://evil.example" }, 403],
    ["with the Origin of a sandboxed page", { "sec-fetch-site": undefined, origin: "null" }, 403],
    ["with another port in its Origin", { "sec-fetch-site": undefined, origin: "http://localhost:81" }, 403],
    ["with neither header", { "sec-fetch-site": undefined }, 403],
    ["with our Origin alone", { "sec-fetch-site": undefined, origin: "http://localhost" }, 200],
    ["of our page", {}, 200],
  ] as const) {
    test(`N6: ${what} is answered ${expected} where it changes something, and 200 where it reads`, async () => {
      const browser = await signedIn();
      const answer = await browser.post("/buy", undefined, headers);
      assert.equal(answer.status, expected);
      if (expected === 403) assert.equal(answer.body.code, "cross_site");
      assert.equal((await browser.get("/buy", headers)).status, 200);
      const renewed = await browser.post("/session/refresh", undefined, headers);
      assert.equal(renewed.status, expected);
      assert.equal((await browser.delete("/session", headers)).status, expected === 200 ? 204 : 403);
    });
  }

  test("is not asked for its site where a bearer token authorises it", async () => {
    const token = shop.identity.issue({ user: "bob", role: "CUSTOMER", ttlMs: 60_000 });
    const foreign = { authorization: `Bearer ${token}`, "sec-fetch-site": "cross-site", origin: "http://evil.example" };
    assert.equal((await shop.browser().post("/buy", undefined, foreign)).status, 200);
  });

  test("is not one whose cookie has another name, another secret or no end, or is a bearer token of no session", async () => {
    const token = (await signedIn()).jar.get(shop.cookies.session) ?? "";
    const stranger = shop.browser();
    const refusedWith = async (cookie: string) => (await stranger.post("/buy", undefined, { cookie })).status;
    assert.equal(await refusedWith(`dropgate=${token}`), 401);
    assert.equal(await refusedWith(`${shop.cookies.session}x=${token}`), 401);
    assert.equal(
      await refusedWith(`${shop.cookies.session}=${token.slice(0, -2)}${token.endsWith("AA") ? "EE" : "AA"}`),
      401,
    );
    assert.equal(await refusedWith(`${shop.cookies.session}=`), 401);
    assert.equal(await refusedWith(`${shop.cookies.session}=${token}`), 200);
  });

  test("N6: is not the only one that must be ours: a foreign page signs no visitor in, by password, as new, or as a demo person", async () => {
    const foreign = { "sec-fetch-site": "cross-site" };
    const email = "eve@example.com";
    for (const [url, body] of [
      ["/session", { email, password: "correct horse battery" }],
      ["/session/demo", { person: "ada" }],
      ["/accounts", { email, name: "Eve" }],
    ] as const) {
      const answer = await shop.browser().post(url, body, foreign);
      assert.deepEqual([answer.status, answer.body.code, answer.cookies], [403, "cross_site", {}], url);
    }
  });

  test("gives the demo people to no other name of this address, which a foreign site could have made", async () => {
    const rebound = { host: "shop.example.com" };
    assert.equal((await shop.browser().post("/session/demo", { person: "grace" }, rebound)).status, 404);
    assert.deepEqual((await shop.browser().get("/session", rebound)).body.demoPeople, []);
    const { demoPeople } = (await shop.browser().get("/session")).body;
    assert.deepEqual(
      demoPeople.map(({ person }: { person: string }) => person),
      ["ada", "grace", "linus"],
    );
  });
});
