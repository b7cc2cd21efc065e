/** Accounts in the browser: a new password, the outside issuer, and the sessions of one's own. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { eventually } from "../support/eventually.ts";
import { type Issuer, startIssuer } from "../support/issuer.ts";
import { inMs } from "../support/times.ts";
import { look } from "./look.ts";
import { mailedCode } from "./mailed-code.ts";
import { nothingKept, openStage, type Stage, skip } from "./stage.ts";

const stranger = { storageState: nothingKept };
const password = "correct horse battery";

describe("accounts in the browser", { skip }, () => {
  let issuer: Issuer;
  let stage: Stage;
  before(async () => {
    issuer = await startIssuer();
    const { origin, clientId, clientSecret } = issuer;
    stage = await openStage({
      settings: {
        OIDC_ISSUER: origin,
        OIDC_CLIENT_ID: clientId,
        OIDC_CLIENT_SECRET: clientSecret,
        OIDC_ROLES_CLAIM: "roles",
      },
    });
  });
  after(async () => {
    await stage?.close();
    await issuer?.close();
  });

  const press = (page: Page, name: string | RegExp) => page.getByRole("button", { name }).click();
  const fill = (page: Page, label: string | RegExp, text: string) => page.getByLabel(label).fill(text);
  const untilSignedInAs = (page: Page, name: string) => page.getByText(`Shopping as ${name}`).waitFor();

  async function signUp(page: Page, address: string, name: string): Promise<string> {
    await page.goto("/join");
    await fill(page, "E-mail address", address);
    await fill(page, "Your name", name);
    await fill(page, /^A new password/, password);
    await press(page, "Sign up");
    const code = await mailedCode(stage.world, address);
    await fill(page, "Code from the mail", code);
    await press(page, "Use this code");
    await untilSignedInAs(page, name);
    return code;
  }

  test("a person of the outside issuer signs in at the page that they wanted, and an operator in the console", async () => {
    issuer.signsIn({ sub: "nora", name: "Nora of the issuer", roles: ["ADMIN"] });
    const { page } = await stage.person("outside", stranger);
    await page.goto("/login?to=/me");
    const link = page.getByRole("link", { name: `Sign in at ${new URL(issuer.origin).host}` });
    await link.waitFor();
    await look(page, "sign-in-outside");
    await link.click();
    await untilSignedInAs(page, "Nora of the issuer");
    assert.equal(new URL(page.url()).pathname, "/me");

    const { page: desk } = await stage.person("outside-desk", stranger);
    await desk.goto("/console/orders");
    await desk.getByRole("link", { name: /^Sign in at/ }).waitFor();
    await look(desk, "console-sign-in-outside");
    await desk.getByRole("link", { name: /^Sign in at/ }).click();
    await desk.getByRole("heading", { name: "Orders" }).waitFor();
    assert.equal(new URL(desk.url()).pathname, "/console/orders");
  });

  test("a person who cancels at the outside issuer reads so, in their language, and may try again", async () => {
    issuer.tellLies({ back: { error: "access_denied" } });
    const { page } = await stage.person("cancels", { ...stranger, locale: "de-DE" });
    await page.goto("/login?to=/me");
    await page.getByRole("link", { name: /^Bei .* anmelden/ }).click();
    await page.getByText("Du bist nicht angemeldet").waitFor();
    await look(page, "sign-in-refused");
    issuer.tellLies({});
    issuer.signsIn({ sub: "otto", name: "Otto" });
    await page.getByRole("link", { name: /^Bei .* anmelden/ }).click();
    await page.getByText("Otto").waitFor();
    assert.equal(new URL(page.url()).pathname, "/me");
  });

  test("a forgotten password is replaced by a mailed code, which ends the other sessions", async () => {
    const address = "rita@shop.example";
    const { page: old } = await stage.person("rita-old", stranger);
    const first = await signUp(old, address, "Rita");
    const { page } = await stage.person("rita", stranger);
    await page.goto("/login");
    await press(page, /^I forgot my password/);
    await page.getByRole("heading", { name: "Set a new password" }).waitFor();
    await page.goto("/reset");
    await look(page, "reset");
    await fill(page, "E-mail address", address);
    await press(page, "Mail me a code");
    await fill(page, "Code from the mail", await mailedCode(stage.world, address, first));
    await fill(page, /^A new password/, "short");
    await press(page, "Set it and sign in");
    await page.getByText("too easy to guess").waitFor();
    await look(page, "reset-code");
    await fill(page, /^A new password/, "another horse battery");
    await press(page, "Set it and sign in");
    await untilSignedInAs(page, "Rita");
    await old.evaluate("localStorage.setItem('dropgate:signed-out', 'true')");
    await old.goto("/me");
    await old.getByText("You are not signed in here").waitFor();
  });

  test("a person sees where they are signed in, and signs out elsewhere", async () => {
    const agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1 Version/19.0 Safari/604.1";
    issuer.signsIn({ sub: "sara", name: "Sara" });
    const { page: phone } = await stage.person("sara-phone", { ...stranger, userAgent: agent });
    const { page } = await stage.person("sara", stranger);
    for (const one of [phone, page]) {
      await one.goto("/login?to=/me");
      await one.getByRole("link", { name: /^Sign in at/ }).click();
      await untilSignedInAs(one, "Sara");
    }
    await page.reload();
    await page.getByText("Safari on iPhone").waitFor();
    await page.getByText("Chrome on Linux").waitFor();
    await look(page, "sessions", ".sessions");
    assert.equal(await page.locator(".sessions").getByRole("button", { name: "Show more" }).count(), 0);
    await stage.world.system.faces.engines.sql("identity", 1).query(
      `insert into identity.session
         (session_id, account_id, refresh_hash, version, created_at, seen_at, expires_at, agent, network)
       select 'older-' || n, account_id, sha256(n::text::bytea), s.version, now() - interval '2 days',
              date_trunc('milliseconds', now()) - interval '1 day', now() + interval '1 day', 'Old/' || n, network
         from identity.session s join identity.account a using (account_id), generate_series(1, 110) as n
        where a.name = 'Sara' and s.agent = $1`,
      [agent],
    );
    await page.reload();
    await page.getByText("Safari on iPhone").waitFor();
    const rows = page.locator(".sessions li");
    assert.equal(await rows.count(), 100);
    await page.locator(".sessions").getByRole("button", { name: "Show more" }).click();
    await rows.nth(111).waitFor();
    assert.deepEqual([await rows.count(), await page.getByRole("button", { name: "Show more" }).count()], [112, 0]);
    await press(page, "Sign out there: Safari on iPhone");
    await page.getByText("Safari on iPhone is signed out.").waitFor();
    await phone.evaluate("localStorage.setItem('dropgate:signed-out', 'true')");
    await phone.goto("/me");
    await phone.getByText("You are not signed in here").waitFor();
    await untilSignedInAs(page, "Sara");
  });

  /** A drop that opens in ten minutes: a reminder of it is due at once. */
  async function announce(dropId: string, opensInMs = 600_000): Promise<void> {
    const { admin } = stage.world;
    const productId = await stage.world.newProduct({ stock: 5 });
    const window = { opensAt: inMs(opensInMs), closesAt: inMs(3_600_000) };
    const drop = { dropId, name: "Lamps at night", zone: "Europe/Berlin", ...window, products: [{ productId }] };
    assert.equal((await admin.post("/drops", drop)).status, 201);
    const scheduled = await admin.post(`/drops/${dropId}/schedule`, { force: true, reason: "a story" });
    assert.equal(scheduled.status, 200, JSON.stringify(scheduled.body));
  }

  test("a signed-in person asks for a mail before a drop opens, gets one, and no visitor is asked", async () => {
    await announce("lamps-reminded");
    const { page } = await stage.person("nils");
    await page.goto("/d/lamps-reminded");
    await page.getByRole("button", { name: "Remind me by mail" }).waitFor();
    await look(page, "drop-reminder");
    await press(page, "Remind me by mail");
    await page.getByText("The mail comes in a moment, if it has not come yet").waitFor();
    const mail = await eventually(async () => {
      const { body } = await stage.world.admin.get<{ items: { to: string; subject: string }[] }>("/admin/mails");
      return body.items.find(({ to }) => to === "nils@shop.example");
    });
    assert.equal(mail?.subject, "Lamps at night opens soon");
    await page.reload();
    await page.getByRole("button", { name: "No reminder, please" }).waitFor();
    const { page: arabic } = await stage.person("nour", { locale: "ar" });
    await arabic.goto("/d/lamps-reminded");
    await arabic.getByRole("button", { name: "ذكّرني بالبريد" }).waitFor();
    await look(arabic, "drop-reminder-arabic");
    const { page: visitor } = await stage.person("visitor", stranger);
    await visitor.goto("/d/lamps-reminded");
    await visitor.getByRole("heading", { name: "Lamps at night" }).waitFor();
    assert.equal(await visitor.getByRole("button", { name: "Remind me by mail" }).count(), 0);
  });

  test("a drop's page has its data and its name for other sites inside, and an unknown drop's is a 404 with the next ones", async () => {
    await announce("lamps-inside");
    const { page } = await stage.person("otto");
    await page.route(
      ({ pathname }) => pathname === "/drops/lamps-inside",
      (route) => route.abort(),
    );
    const answer = await page.goto("/d/lamps-inside");
    await page.getByRole("heading", { name: "Lamps at night" }).waitFor();
    assert.match((await answer?.text()) ?? "", /<meta property="og:title" content="Lamps at night">/);
    // The open one stands before three paused ones, although it opened last.
    for (const dropId of ["lamps-paused-1", "lamps-paused-2", "lamps-paused-3"]) {
      await announce(dropId, -2_000);
      const paused = await stage.world.admin.put(`/drops/${dropId}/pause`, { paused: true, reason: "a story" });
      assert.equal(paused.status, 200, JSON.stringify(paused.body));
    }
    await announce("lamps-open", -1_000);
    const unknown = await page.goto("/d/no-such-drop");
    assert.equal(unknown?.status(), 404);
    await page.getByRole("heading", { name: "What you can buy instead" }).waitFor();
    const next = page.getByRole("list", { name: "Drops" }).getByRole("link");
    assert.equal(await next.count(), 3);
    assert.equal(await next.first().getAttribute("href"), "/d/lamps-open");
    await look(page, "drop-unknown");
  });

  test("a busy log-in counts down and asks once more by itself", async () => {
    const { page } = await stage.person("busy", stranger);
    let asked = 0;
    await page.route("**/session", async (route) => {
      if (route.request().method() !== "POST") return route.continue();
      asked += 1;
      if (asked > 1) return route.continue();
      const body = JSON.stringify({ code: "login_busy", detail: "", status: 503 });
      await route.fulfill({
        status: 503,
        headers: { "retry-after": "60", "content-type": "application/problem+json" },
        body,
      });
    });
    await page.clock.install();
    await page.goto("/login");
    await fill(page, "E-mail address", "busy@shop.example");
    await fill(page, "Password", password);
    await press(page, /^Sign in$/);
    await page.getByText("We try again by ourselves in a few seconds").waitFor();
    await page.getByRole("button", { name: /^Again in about \d+ s/ }).waitFor();
    await look(page, "sign-in-busy");
    assert.equal(asked, 1);
    await eventually(async () => {
      if (asked < 2) await page.clock.runFor(2_000);
      return asked === 2;
    });
    // The clock of the page also limits how long an answer may take, so it runs no faster from here on.
    await page.getByText("do not belong together").waitFor();
    assert.equal(asked, 2);
  });
});
