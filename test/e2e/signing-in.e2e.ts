/** Signing up, in and out in the browser. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { eventually } from "../support/eventually.ts";
import { heldBack } from "./held-back.ts";
import { look } from "./look.ts";
import { mailedCode } from "./mailed-code.ts";
import { endRoutes, openStage, type Stage, skip } from "./stage.ts";

const stranger = { storageState: { cookies: [], origins: [] } };
const password = "correct horse battery";

describe("signing in in the browser", { skip }, () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
  });
  after(() => stage?.close());

  const press = (page: Page, name: string | RegExp) => page.getByRole("button", { name }).click();
  const fill = (page: Page, label: string | RegExp, text: string) => page.getByLabel(label).fill(text);
  const untilSignedInAs = (page: Page, name: string) => page.getByText(`Shopping as ${name}`).waitFor();

  async function signOut(page: Page): Promise<void> {
    await page.goto("/me");
    await press(page, "Sign out");
    await page.waitForURL("**/login");
  }

  test("a new person signs up by a mailed code, signs out, and comes back by password and by code", async () => {
    const { page } = await stage.person("without-account", stranger);
    const address = "mary@shop.example";
    await page.goto("/join?to=/me");
    await look(page, "join");
    await fill(page, "E-mail address", address);
    await fill(page, "Your name", "Mary <b>");
    await fill(page, /^A new password/, "short");
    await press(page, "Sign up");
    await page.getByText("too easy to guess").waitFor();
    await fill(page, /^A new password/, password);
    await press(page, "Sign up");
    await page.getByText(address, { exact: false }).waitFor();
    await page.getByLabel("Code from the mail").and(page.locator(":focus")).waitFor();
    // A phone may have forgotten the page when its person comes back from their mails.
    await page.reload();
    await page.getByText(address, { exact: false }).waitFor();
    const first = await mailedCode(stage.world, address);
    await fill(page, "Code from the mail", first === "000000" ? "111111" : "000000");
    await press(page, "Use this code");
    await page.getByText("This is not the code of the mail").waitFor();
    await look(page, "code-wrong");
    await fill(page, "Code from the mail", first);
    await press(page, "Use this code");
    await untilSignedInAs(page, "Mary <b>");

    await signOut(page);
    await look(page, "sign-in");
    await fill(page, "E-mail address", address);
    await fill(page, "Password", "wrong horse battery");
    await press(page, /^Sign in$/);
    await page.getByText("do not belong together").waitFor();
    assert.equal(await page.getByLabel("E-mail address").inputValue(), address);
    await fill(page, "Password", password);
    await press(page, /^Sign in$/);
    await untilSignedInAs(page, "Mary <b>");

    await signOut(page);
    await press(page, /^Sign in with a code/);
    await page.getByLabel("E-mail address").and(page.locator(":focus")).waitFor();
    await fill(page, "E-mail address", address);
    await press(page, "Mail me a code");
    await fill(page, "Code from the mail", await mailedCode(stage.world, address, first));
    await press(page, "Use this code");
    await untilSignedInAs(page, "Mary <b>");
    const cookies = await page.context().cookies();
    assert.ok(cookies.every(({ httpOnly, secure }) => httpOnly && secure));
    assert.equal(await page.evaluate("document.cookie"), "");
  });

  test("a person who signs up in German gets their mails in German, and in another language once they signed in by a page in that one", async () => {
    const { page } = await stage.person("reads-german", { ...stranger, locale: "de-AT" });
    const address = "greta@shop.example";
    const untilReadIn = (wanted: string) =>
      eventually(async () => {
        const { locale } = (await (await page.request.get("/account")).json()) as { locale: string | null };
        return locale === wanted;
      });
    const subjectOfCode = async () => {
      await stage.world.anonymous.post("/session/code", { email: address });
      return eventually(async () => {
        const { body } = await stage.world.admin.get<{ items: { to: string; subject: string }[] }>("/admin/mails");
        const [last] = body.items.filter(({ to }) => to === address);
        return last?.subject !== "Dein Code für das neue Konto" && last?.subject;
      });
    };
    await page.goto("/join?to=/me");
    await fill(page, "E-Mail-Adresse", address);
    await fill(page, "Dein Name", "Greta");
    await fill(page, /^Ein neues Passwort/, password);
    await press(page, /^Konto anlegen$/);
    await fill(page, "Code aus der E-Mail", await mailedCode(stage.world, address));
    await press(page, "Diesen Code verwenden");
    await page.getByText("Greta").waitFor();
    await untilReadIn("de-AT");
    assert.equal(await subjectOfCode(), "Dein Code zum Anmelden");
    await page.getByLabel("Sprache").selectOption("ar");
    await page.goto("/login?to=/me");
    await page.locator("input[name=email]").fill(address);
    await page.locator("input[name=password]").fill(password);
    await page.locator("form button.big").click();
    await page.getByText("Greta").waitFor();
    await untilReadIn("ar");
    // A browser in another language changes nothing of what was chosen.
    const { page: other } = await stage.person("reads-english", stranger);
    await other.goto("/login?to=/me");
    await fill(other, "E-mail address", address);
    await fill(other, "Password", password);
    await press(other, /^Sign in$/);
    await untilSignedInAs(other, "Greta");
    await untilReadIn("ar");
  });

  test("mails are in the language that a person chooses while they are signed in, and have the hour of their device", async () => {
    const { page } = await stage.person("moves", { locale: "de-AT", timezoneId: "Asia/Tokyo" });
    const known = async () => {
      const { locale, zone } = (await (await page.request.get("/account")).json()) as Record<string, string | null>;
      return [locale, zone];
    };
    const until = (locale: string, zone: string) =>
      eventually(async () => assert.deepEqual(await known(), [locale, zone]) === undefined);
    assert.deepEqual(await known(), [null, null]);
    await page.goto("/me");
    await until("de-AT", "Asia/Tokyo");
    const language = page.locator("footer select");
    // The account hears of the first one while the file of the second one is on its way.
    const [session, words] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await page.route("**/session", (route) => session.promise.then(() => route.continue()));
    await page.route("**/assets/account-en-*.js", (route) => words.promise.then(() => route.continue()));
    await language.selectOption("ar");
    await page.locator("html[lang=ar]").waitFor();
    await language.selectOption("en");
    const heard = page.waitForResponse("**/session");
    session.resolve();
    await heard;
    words.resolve();
    await until("en", "Asia/Tokyo");
    await endRoutes(page);
    // Without a page in between: the account is as the page knows it by now.
    await language.selectOption("de");
    await until("de-AT", "Asia/Tokyo");
    // A zone that the person gave by other means stays.
    const asked = "fetch('/account', { method: 'PATCH', headers: { 'content-type': 'application/json' }, body })";
    await page.evaluate(`(body => ${asked})('{"zone":"Asia/Seoul"}')`);
    await page.reload();
    await page.locator("footer select").selectOption("en");
    await until("en", "Asia/Seoul");
  });

  test("a page speaks the language that was chosen last, in whichever order its words come", async (t) => {
    const { page } = await stage.person("hasty", { locale: "de-AT" });
    const choice = page.locator("footer select");
    await t.test("the words of the page come after those of the language", async () => {
      const words = await heldBack(page, "**/assets/account-de-*.js");
      await page.goto("/me");
      await words.answered;
      await choice.selectOption("en");
      await page.locator("html[lang=en]").waitFor();
      await words.pass();
      await page.getByRole("button", { name: "Sign out" }).waitFor();
      assert.equal(await page.getByRole("link", { name: "Your orders" }).count(), 1);
    });
    await t.test("the words of the language come after those of the page", async () => {
      await page.goto("/");
      const words = await heldBack(page, "**/assets/ar-*.js");
      await choice.selectOption("ar");
      await words.answered;
      await page.getByRole("link", { name: "Your orders" }).click();
      await page.getByRole("button", { name: "Sign out" }).waitFor();
      await words.pass();
      await page.locator("html[lang=ar]").waitFor();
      await page.getByRole("button", { name: "تسجيل الخروج" }).waitFor();
      await eventually(async () => (await page.title()) === "طلباتك · Dropgate");
    });
  });

  test("the form speaks of what is in it, whatever was asked for before", async (t) => {
    const { page } = await stage.person("undecided", stranger);
    const codeField = page.getByLabel("Code from the mail");
    async function codeFor(address: string) {
      await page.goto("/login");
      await press(page, /^Sign in with a code/);
      await fill(page, "E-mail address", address);
      const asking = await heldBack(page, "**/session/code");
      await press(page, "Mail me a code");
      await asking.answered;
      return asking;
    }
    await t.test("a code that was asked for is none of a sign-up", async () => {
      const asking = await codeFor("one@shop.example");
      await press(page, /sign up$/);
      await asking.pass();
      assert.equal(await codeField.count(), 0);
    });
    await t.test("a code belongs to the address that it was asked for with", async () => {
      const asking = await codeFor("one@shop.example");
      await fill(page, "E-mail address", "two@shop.example");
      await asking.pass();
      await codeField.waitFor();
      await page.getByText("one@shop.example").waitFor({ timeout: 5_000 });
    });
    await t.test("a password manager fills all fields at once", async () => {
      await page.goto("/login?to=/me");
      await page.getByLabel("Password").waitFor();
      await page.evaluate(`for (const [name, value] of [["email", "one@shop.example"], ["password", "secret"]]) {
        const field = document.querySelector("input[name=" + name + "]");
        field.value = value;
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }`);
      await eventually(async () => (await page.getByLabel("Password").inputValue()) === "secret");
      assert.equal(await page.getByLabel("E-mail address").inputValue(), "one@shop.example");
    });
    await t.test("a person who has gone on is signed in where they are", async () => {
      await page.goto("/login?to=/me");
      const entering = await heldBack(page, "**/session/demo");
      await press(page, "Linus packs");
      await entering.answered;
      await page.getByRole("link", { name: "Shop", exact: true }).click();
      await page.getByRole("heading", { name: "On sale now and soon" }).waitFor();
      await entering.pass();
      assert.equal(new URL(page.url()).pathname, "/");
      await page.getByRole("link", { name: "Your orders" }).click();
      await untilSignedInAs(page, "Linus");
    });
  });

  test("a person who signs out stays signed out, although a question for their session is answered afterwards", async () => {
    const { page } = await stage.person("left-quickly");
    await page.goto("/me");
    await page.getByRole("button", { name: "Sign out" }).waitFor();
    const asking = await heldBack(page, "**/session");
    await page.locator("footer select").selectOption("de");
    await asking.answered;
    await page.getByRole("button", { name: "Abmelden" }).click();
    await page.waitForURL("**/login");
    await asking.pass();
    await page.getByRole("link", { name: "Shop", exact: true }).click();
    await page.getByRole("navigation").getByRole("link", { name: "Anmelden" }).waitFor({ timeout: 5_000 });
  });

  test("a visitor of the demo is Ada; signed out they stay so, and one click makes them another demo person, at the page they wanted", async () => {
    const { page } = await stage.person("visitor", stranger);
    await page.goto("/me");
    await untilSignedInAs(page, "Ada");
    await signOut(page);
    await page.goto("/me");
    await page.getByText("You are not signed in here").waitFor();
    await look(page, "signed-out");
    await page.getByRole("main").getByRole("link", { name: "Sign in" }).click();
    await page.waitForURL("**/login?to=%2Fme");
    await press(page, "Linus packs");
    await untilSignedInAs(page, "Linus");
    assert.equal(new URL(page.url()).pathname, "/me");
    await page.reload();
    await untilSignedInAs(page, "Linus");
  });

  test("a page that was left open renews its session by itself, and one that was ended elsewhere asks for a log-in", async () => {
    const { page } = await stage.person("left-open", stranger);
    await page.goto("/login?to=/me");
    await press(page, "Grace runs the shop");
    await untilSignedInAs(page, "Grace");
    // The token's fifteen minutes are over; the refresh cookie is there.
    await page.context().clearCookies({ name: "__Host-dropgate" });
    await page.goto("/me");
    await untilSignedInAs(page, "Grace");
    const { sessionId } = (await page.evaluate(
      "fetch('/account/sessions').then((answer) => answer.json()).then(({ items }) => items.find((one) => one.isCurrent))",
    )) as { sessionId: string };
    await page.evaluate(`fetch('/account/sessions/${sessionId}', { method: "DELETE" })`);
    await page.evaluate("localStorage.setItem('dropgate:signed-out', 'true')");
    await page.goto("/me");
    await page.getByText("You are not signed in here").waitFor();
  });

  test("a log-in leads to no page of another site", async () => {
    const { page } = await stage.person("led-away", stranger);
    for (const to of ["https://evil.example/", "//evil.example", "/\\evil.example"]) {
      await page.goto(`/login?to=${encodeURIComponent(to)}`);
      await press(page, "Linus packs");
      await untilSignedInAs(page, "Linus");
      assert.equal(new URL(page.url()).pathname, "/me");
    }
  });
});
