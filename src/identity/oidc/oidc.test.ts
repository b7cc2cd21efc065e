import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { type Issuer, type Lies, type Person, startIssuer } from "../../../test/support/issuer.ts";
import { openShop, type Shop } from "../browser.testing.ts";
import type { OidcSettings } from "../identity.ts";

const callback = "/session/oidc/callback";

let issuer: Issuer;
before(async () => {
  issuer = await startIssuer();
});
after(() => issuer.close());
afterEach(() => issuer.tellLies({}));

function settingsOf(more: Partial<OidcSettings> = {}): OidcSettings {
  const { origin, clientId, clientSecret } = issuer;
  return { issuer: origin, clientId, clientSecret, rolesClaim: undefined, trustEmail: false, ...more };
}

type Browser = ReturnType<Shop["browser"]>;

/** From the shop to the issuer; returns the path at which the issuer sends the browser back. */
async function go(browser: Browser, to = "/o/1"): Promise<string> {
  const begun = await browser.get(`/session/oidc?to=${encodeURIComponent(to)}`);
  assert.equal(begun.status, 303, JSON.stringify(begun.body));
  const asked = await fetch(String(begun.headers.location), { redirect: "manual" });
  const back = new URL(asked.headers.get("location") ?? "");
  return back.pathname + back.search;
}

async function signIn(shop: Shop, person: Person, to?: string) {
  issuer.signsIn(person);
  const browser = shop.browser();
  const answer = await browser.get(await go(browser, to), { "sec-fetch-site": "cross-site" });
  return { browser, answer };
}

async function accountAfter(shop: Shop, person: Person) {
  const { browser, answer } = await signIn(shop, person);
  assert.equal(answer.status, 303, JSON.stringify(answer.body));
  return (await browser.get("/account")).body;
}

describe("a person of the outside issuer", () => {
  let shop: Shop;
  before(async () => {
    shop = await openShop({ outside: settingsOf() });
  });
  after(() => shop.close());

  test("comes back signed in, to the page that asked for the log-in", async () => {
    const { browser, answer } = await signIn(shop, { sub: "mary", name: "Mary" }, "/d/lamps?size=2");
    assert.deepEqual([answer.status, answer.headers.location], [303, "/d/lamps?size=2"]);
    const { account, issuer: host } = (await browser.get("/session")).body;
    assert.deepEqual([account.name, account.roles, host], ["Mary", ["CUSTOMER"], new URL(issuer.origin).host]);
    assert.equal((await browser.post("/buy")).body.userId, account.userId);
    assert.deepEqual([...browser.jar.keys()].toSorted(), [shop.cookies.session, shop.cookies.refresh].toSorted());
  });

  test("gets mails in the language of the browser in which they first came, until they choose another one", async () => {
    const came = async (language?: string) => {
      issuer.signsIn({ sub: "gerda" });
      const browser = shop.browser();
      const headers = { "sec-fetch-site": "cross-site", ...(language && { "accept-language": language }) };
      assert.equal((await browser.get(await go(browser), headers)).status, 303);
      return (await browser.get("/account")).body.locale;
    };
    assert.equal(await came("fr, de-AT;q=0.8"), "de-AT");
    assert.equal(await came("ar"), "de-AT");
    assert.equal(await came(), "de-AT");
  });

  test("is sent there with state, nonce and a challenge, and with a cookie for ten minutes that no script reads", async () => {
    const { headers, cookies } = await shop.browser().get("/session/oidc");
    const query = new URL(String(headers.location)).searchParams;
    assert.deepEqual(
      [query.get("response_type"), query.get("code_challenge_method"), query.get("redirect_uri")],
      ["code", "S256", `http://localhost${callback}`],
    );
    for (const name of ["state", "nonce", "code_challenge"]) assert.match(query.get(name) ?? "", /^[\w-]{40,}$/, name);
    const cookie = cookies[shop.cookies.outside] ?? "";
    assert.match(cookie, /; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax; Secure$/);
  });

  test("has one account, whichever name and address the issuer tells later, and also after two first log-ins at once", async () => {
    const [one, two] = await Promise.all([signIn(shop, { sub: "twin" }), signIn(shop, { sub: "twin" })]);
    const idOf = async ({ browser }: typeof one) => (await browser.get("/account")).body.userId;
    const first = await idOf(one);
    assert.equal(await idOf(two), first);
    assert.equal((await accountAfter(shop, { sub: "twin", name: "New", email: "new@shop.example" })).userId, first);
    assert.notEqual((await accountAfter(shop, { sub: "Twin" })).userId, first);
  });

  test("never gets the account of an address that the shop does not believe, and no mails", async () => {
    await shop.join("owner@shop.example");
    const account = await accountAfter(shop, { sub: "eve", email: "owner@shop.example", email_verified: true });
    assert.match(account.email, /@oidc\.invalid$/);
    assert.deepEqual(await shop.accounts.addressees([account.userId]), []);
  });

  test("has a name without control characters, at most 200 long, and none of a wrong type", async () => {
    const nameOf = async (sub: string, name: unknown) => (await accountAfter(shop, { sub, name })).name;
    assert.equal(await nameOf("n1", `A\u0000da\n${"x".repeat(300)}`), `Ada${"x".repeat(197)}`);
    assert.equal(await nameOf("n2", { first: "Ada" }), "Customer");
  });

  test("is led to no page of another site", async () => {
    for (const to of ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example", "evil", ""]) {
      assert.equal((await signIn(shop, { sub: "led-away" }, to)).answer.headers.location, "/me", JSON.stringify(to));
    }
  });

  test("cannot sign in while their account is disabled", async () => {
    const { userId } = await accountAfter(shop, { sub: "gone" });
    await shop.sql.query("update identity.account set disabled_at = now() where account_id = $1", [userId]);
    const { answer, browser } = await signIn(shop, { sub: "gone" });
    assert.deepEqual([answer.status, answer.body.code, browser.jar.size], [401, "oidc_refused", 0]);
  });

  test("is told where the issuer tells an address and roles at its userinfo endpoint alone", async (t) => {
    const other = await openShop({ outside: settingsOf({ trustEmail: true, rolesClaim: "groups" }) });
    t.after(() => other.close());
    issuer.signsIn({ sub: "info" }, { email: "Info@shop.example", email_verified: true, groups: ["WAREHOUSE"] });
    const browser = other.browser();
    await browser.get(await go(browser));
    const { email, roles } = (await browser.get("/account")).body;
    assert.deepEqual([email, roles], ["info@shop.example", ["WAREHOUSE"]]);
  });

  const lies: [string, Lies][] = [
    ["has another nonce", { claims: { nonce: "of another log-in" } }],
    ["has no nonce", { claims: { nonce: undefined } }],
    ["is for another audience", { claims: { aud: "another shop" } }],
    ["has expired", { claims: { exp: 1_700_000_000 } }],
    ["is of another issuer", { claims: { iss: "https://evil.example" } }],
    ["is signed with a key that the issuer never published", { foreignKey: true }],
    ["names no subject", { claims: { sub: "" } }],
    ["names a subject with a control character", { claims: { sub: "a\u0000b" } }],
  ];
  for (const [what, lie] of lies) {
    test(`is refused if the ID token ${what}`, async () => {
      issuer.tellLies(lie);
      const { answer, browser } = await signIn(shop, { sub: "mary" });
      assert.deepEqual([answer.status, answer.body.code], [401, "oidc_refused"]);
      assert.equal(browser.jar.size, 0);
    });
  }

  const ways: [string, Record<string, string>][] = [
    ["the state of another log-in", { state: "of another log-in" }],
    ["the name of another issuer", { iss: "https://evil.example" }],
    ["a code that the issuer never gave", { code: "made-up" }],
    ["a refusal of the issuer", { error: "access_denied", error_description: "<b>no</b>" }],
  ];
  for (const [what, back] of ways) {
    test(`is refused if they come back with ${what}`, async () => {
      issuer.tellLies({ back });
      const { answer } = await signIn(shop, { sub: "mary" });
      assert.deepEqual([answer.status, answer.body.code], [401, "oidc_refused"]);
      assert.doesNotMatch(JSON.stringify(answer.body), /<b>/);
    });
  }

  test("cannot come back twice, nor in another browser, nor after ten minutes, nor with a cookie that we did not sign", async (t) => {
    issuer.signsIn({ sub: "mary" });
    const browser = shop.browser();
    const back = await go(browser);
    const ticket = browser.jar.get(shop.cookies.outside) ?? "";
    const comesBack = async (path: string, cookie = "") => {
      const { status, body } = await shop.browser().get(path, { cookie });
      return status === 401 ? body.code : status;
    };
    const cookieOf = (value: string) => `${shop.cookies.outside}=${value}`;
    assert.equal(await comesBack(back), "oidc_refused");
    assert.equal(
      await comesBack(back, cookieOf(`${ticket.slice(0, -2)}${ticket.endsWith("AA") ? "EE" : "AA"}`)),
      "oidc_refused",
    );
    assert.equal(await comesBack(back, cookieOf(`e30.${ticket.split(".")[1]}`)), "oidc_refused");
    assert.equal((await browser.get(back)).status, 303);
    assert.equal((await browser.get(back)).status, 401);
    assert.equal(await comesBack(back, cookieOf(ticket)), "oidc_refused");
    const late = await go(browser);
    shop.wait(10 * 60_000 + 1);
    t.after(() => shop.wait(-10 * 60_000 - 1));
    assert.equal((await browser.get(late)).status, 401);
  });

  test("in a browser reads why they were refused on the page to sign in; a program gets the problem", async () => {
    const navigates = { "sec-fetch-mode": "navigate", "sec-fetch-site": "cross-site" };
    const { status, headers } = await shop.browser().get(`${callback}?code=1&state=2`, navigates);
    assert.deepEqual([status, headers.location], [303, "/login?refused=oidc_refused"]);
    issuer.tellLies({ back: { error: "access_denied" } });
    const browser = shop.browser();
    const answer = await browser.get(await go(browser, "/d/lamps"), navigates);
    assert.equal(answer.headers.location, "/login?refused=oidc_refused&to=%2Fd%2Flamps");
    const { body } = await shop.browser().get(`${callback}?code=1&state=2`);
    assert.match(body.detail, /Sign in again/);
  });
});

describe("the outside issuer", () => {
  test("decides the roles of its people at each log-in, in the audit and in sessions that run", async (t) => {
    const shop = await openShop({ outside: settingsOf({ rolesClaim: "realm.roles" }) });
    t.after(() => shop.close());
    const grace = (roles: unknown) => ({ sub: "grace", realm: { roles } });
    const { browser } = await signIn(shop, grace(["ADMIN", "OWNER", "ADMIN"]));
    assert.equal((await browser.post("/prices")).status, 200);
    const { items } = (await browser.get("/admin/audit")).body;
    assert.deepEqual(
      [items[0].action, items[0].phase, items[0].actor],
      ["account.change", "done", `issuer ${issuer.origin}`],
    );
    for (const roles of [[], "admin", ["Admin"], null, { ADMIN: true }]) {
      assert.deepEqual((await accountAfter(shop, grace(roles))).roles, ["CUSTOMER"], JSON.stringify(roles));
    }
    assert.equal((await browser.post("/prices")).status, 401);
    assert.deepEqual((await accountAfter(shop, { sub: "linus", "realm.roles": "WAREHOUSE" })).roles, ["WAREHOUSE"]);
  });

  test("whose addresses the shop believes leads to the account of a verified one, for one of its people", async (t) => {
    const shop = await openShop({ outside: settingsOf({ trustEmail: true }) });
    t.after(() => shop.close());
    const owner = (await (await shop.join("owner@shop.example")).get("/account")).body.userId;
    const claims = { email: "Owner@Shop.example", email_verified: true };
    assert.notEqual((await accountAfter(shop, { ...claims, sub: "eve", email_verified: "true" })).userId, owner);
    assert.equal((await accountAfter(shop, { ...claims, sub: "owner" })).userId, owner);
    const { answer } = await signIn(shop, { ...claims, sub: "the next person of this address" });
    assert.equal(answer.body.code, "oidc_refused");
    assert.equal((await accountAfter(shop, { sub: "owner" })).userId, owner);
  });

  test("is believed that an address is verified only where it tells that address", async (t) => {
    const shop = await openShop({ outside: settingsOf({ trustEmail: true }) });
    t.after(() => shop.close());
    await shop.join("owner@shop.example");
    const emailAfter = async (person: Person, more: Record<string, unknown>) => {
      issuer.signsIn(person, more);
      const browser = shop.browser();
      await browser.get(await go(browser));
      return (await browser.get("/account")).body.email;
    };
    const eve = { email: "eve@shop.example", email_verified: true };
    assert.match(await emailAfter({ sub: "eve", email: "owner@shop.example" }, eve), /@oidc\.invalid$/);
    const mary = { email: "owner@shop.example" };
    assert.match(await emailAfter({ sub: "mary", email_verified: true }, mary), /@oidc\.invalid$/);
  });

  test("that is down, or names itself otherwise, is a problem that says so, until it is back", async (t) => {
    const shop = await openShop({ outside: settingsOf() });
    t.after(() => shop.close());
    const browser = shop.browser();
    for (const lie of [{ status: 503 }, { issuer: "https://evil.example" }]) {
      issuer.tellLies(lie);
      const { status, body, headers } = await browser.get("/session/oidc");
      assert.deepEqual([status, body.code, headers["retry-after"]], [503, "oidc_unavailable", "5"]);
    }
    issuer.tellLies({});
    const back = await go(browser);
    issuer.tellLies({ status: 502 });
    assert.equal((await browser.get(back)).body.code, "oidc_unavailable");
    assert.equal((await browser.get("/session")).status, 200);
  });

  test("that is not set has no routes, and the page to sign in does not offer it", async (t) => {
    const shop = await openShop();
    t.after(() => shop.close());
    for (const url of ["/session/oidc", callback]) assert.equal((await shop.browser().get(url)).body.code, "not_found");
    assert.equal((await shop.browser().get("/session")).body.issuer, null);
  });

  test("is told the address that PUBLIC_URL names, whatever the Host says", async (t) => {
    const shop = await openShop({ publicUrl: "https://shop.example", outside: settingsOf() });
    t.after(() => shop.close());
    const { headers } = await shop.browser().get("/session/oidc", { host: "evil.example" });
    const query = new URL(String(headers.location)).searchParams;
    assert.equal(query.get("redirect_uri"), `https://shop.example${callback}`);
  });
});
