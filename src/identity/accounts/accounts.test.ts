import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { until } from "../../../test/support/until.ts";
import { mostWaiting, openShop, type Shop } from "../browser.testing.ts";

const password = "correct horse battery";
let shop: Shop;
before(async () => {
  shop = await openShop();
  await shop.join("ada@example.com", password);
});
after(() => shop.close());

/** Networks of their own keep the counts of failed tries apart. */
let networks = 0;
function elsewhere() {
  networks += 1;
  return shop.browser(`10.0.0.${networks}`);
}
function said({ status, body }: { status: number; body: Record<string, unknown> }) {
  const { instance: _, codeId: __, expiresAt: ___, ...rest } = body;
  return { status, rest, has: Object.keys(body).toSorted() };
}

describe("an account", () => {
  test("is made by the code that was mailed, and lets its owner in by password afterwards", async () => {
    const browser = await shop.join("Bob@Example.com");
    const { account } = (await browser.get("/session")).body;
    assert.deepEqual([account.email, account.roles], ["bob@example.com", ["CUSTOMER"]]);
    const again = elsewhere();
    assert.equal((await again.post("/session", { email: "BOB@example.com", password })).status, 200);
    assert.equal((await again.post("/buy")).body.userId, account.userId);
    assert.equal((await again.patch("/account", { name: "Bobby", zone: "Europe/Berlin" })).body.name, "Bobby");
    assert.equal((await again.get("/account")).body.zone, "Europe/Berlin");
  });

  test("has no address that is longer than one may be in small letters, no zone without clocks and no endless locale", async () => {
    const browser = await shop.join("fields@example.com");
    const capitals = `${"\u0130".repeat(64)}@${"\u0130".repeat(100)}.example`;
    for (const [answer, pointer] of [
      [await elsewhere().post("/accounts", { email: capitals, name: "Ada" }), "#/email"],
      [await browser.patch("/account", { zone: "Foo/Bar" }), "#/zone"],
      [await browser.patch("/account", { locale: `en${"-abcdefgh".repeat(9)}` }), "#/locale"],
    ] as const) {
      assert.deepEqual([answer.status, answer.body.code, answer.body.errors[0].pointer], [400, "validation", pointer]);
    }
    assert.equal((await browser.patch("/account", { zone: null, locale: "de-DE" })).status, 200);
  });

  test("keeps both of two changes at the same moment, and loses a locale or zone that is taken back", async () => {
    const eva = await shop.join("changes@shop.example");
    for (let i = 0; i < 10; i += 1) {
      const [name, zone] = [`Eva ${i}`, i % 2 === 0 ? "Europe/Berlin" : "Asia/Tokyo"];
      await Promise.all([eva.patch("/account", { name }), eva.patch("/account", { zone, locale: "de" })]);
      const { body } = await eva.get("/account");
      assert.deepEqual([body.name, body.zone, body.locale], [name, zone, "de"]);
    }
    const { body } = await eva.patch("/account", { zone: null });
    assert.deepEqual([body.name, body.zone, body.locale], ["Eva 9", null, "de"]);
  });

  test("does not exist before its code was typed", async () => {
    const browser = elsewhere();
    await browser.post("/accounts", { email: "zoe@example.com", password, name: "Zoe" });
    const answer = await browser.post("/session", { email: "zoe@example.com", password });
    assert.deepEqual([answer.status, answer.body.code], [401, "bad_credentials"]);
    assert.equal(answer.headers["www-authenticate"], 'Bearer realm="dropgate"');
  });

  test("N7: never has the password of another person who gave the same address first", async () => {
    const email = "victim@example.com";
    const [eve, victim] = [elsewhere(), elsewhere()];
    const hers = await victim.post("/accounts", { email, password, name: "Victim" });
    const code = await shop.codeOf(hers);
    await eve.post("/accounts", { email, password: "eve knows this one", name: "Eve" });
    assert.equal((await victim.post("/accounts/verify", { codeId: hers.body.codeId, code })).status, 200);
    assert.equal((await eve.post("/session", { email, password: "eve knows this one" })).status, 401);
    assert.equal((await elsewhere().post("/session", { email, password })).status, 200);
  });

  test("stores no password and no code in clear", async () => {
    const [{ phc }] = (await shop.sql.query("select phc from identity.password limit 1")) as [{ phc: string }];
    assert.match(phc, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  });

  for (const weak of ["short", "aaaaaaaaaaaaaa", "password123", "newcomer@example.com"]) {
    test(`is not made with the password ${weak}`, async () => {
      const answer = await elsewhere().post("/accounts", { email: "newcomer@example.com", password: weak, name: "N" });
      assert.deepEqual([answer.status, answer.body.code], [400, "weak_password"]);
    });
  }
});

describe("N1: an address that has an account and one that has none are answered alike", () => {
  for (const [what, url, more] of [
    ["signing up", "/accounts", { name: "X", password }],
    ["a wrong password", "/session", { password: "wrong horse battery" }],
    ["a wrong code", "/session", { code: "000000" }],
    ["a code to sign in", "/session/code", {}],
    ["a forgotten password", "/accounts/password/forgot", {}],
    ["a new password by a wrong code", "/accounts/password/reset", { code: "000000", password }],
  ] as const) {
    test(what, async () => {
      const [known, unknown] = [elsewhere(), elsewhere()];
      if ("code" in more) {
        const ask = url === "/session" ? "/session/code" : "/accounts/password/forgot";
        await known.post(ask, { email: "ada@example.com" });
        await unknown.post(ask, { email: "no.one@example.com" });
      }
      const answers = [
        await known.post(url, { email: "ada@example.com", ...more }),
        await unknown.post(url, { email: "no.one@example.com", ...more }),
      ];
      assert.deepEqual(said(answers[0] as never), said(answers[1] as never));
    });
  }

  test("the owner of an address with an account hears that it has one, by mail", async () => {
    await elsewhere().post("/accounts", { email: "ada@example.com", name: "Eve", password: "eve knows this one" });
    // Mails are sent behind the answers.
    const subjectsTo = async (to: string) => (await shop.mailsTo(to)).map(({ subject }) => subject);
    await until(async () => (await subjectsTo("ada@example.com")).includes("You have an account already"));
    assert.equal((await elsewhere().post("/session", { email: "ada@example.com", password })).status, 200);
    await until(async () => (await subjectsTo("no.one@example.com")).length > 0);
    assert.deepEqual(await subjectsTo("no.one@example.com"), ["Your code to sign up"]);
  });
});

describe("a mail about an account", () => {
  test("is in the language that the browser asks for, before there is an account", async () => {
    const subjects = await Promise.all(
      ["fr-FR, de-AT;q=0.9, en;q=0.8", "ar", "fr", ";;,=", undefined].map(async (language, i) => {
        const email = `new-${i}@example.com`;
        await elsewhere().post("/accounts", { email, name: "New" }, { "accept-language": language });
        return until(async () => (await shop.mailsTo(email))[0]?.subject ?? false);
      }),
    );
    const english = "Your code to sign up";
    assert.deepEqual(subjects, ["Dein Code für das neue Konto", "رمز الحساب الجديد", english, english, english]);
  });

  for (const [locale, code, subjects] of [
    [
      "de-AT",
      /^Dein Code ist \d{6}\n/,
      ["Dein Code für ein neues Passwort", "Dein Code zum Anmelden", "Du hast schon ein Konto"],
    ],
    ["ar", /^رمزك هو \d{6}\n/, ["رمز كلمة المرور الجديدة", "رمز تسجيل الدخول", "لديك حساب بالفعل"]],
  ] as const) {
    test(`is in the language of the account: ${locale}`, async (t) => {
      const theirs = await openShop({ publicUrl: "https://shop.example" });
      t.after(() => theirs.close());
      const email = "reader@example.com";
      const browser = await theirs.join(email);
      assert.equal((await browser.patch("/account", { locale })).status, 200);
      for (const url of ["/session/code", "/accounts/password/forgot"]) await browser.post(url, { email });
      // One network asks for few mails to an address.
      await theirs.browser("10.1.0.1").post("/accounts", { email, name: "Reader" });
      const mails = await until(async () => {
        const sent = (await theirs.mailsTo(email)).filter(({ subject }) => subject !== "Your code to sign up");
        return sent.length === 3 && sent.toSorted((a, b) => (a.subject < b.subject ? -1 : 1));
      });
      assert.deepEqual(
        mails.map(({ subject }) => subject),
        subjects.toSorted(),
      );
      assert.equal(mails.filter(({ text }) => code.test(text ?? "")).length, 2);
      const [exists] = mails.filter(({ subject }) => subject === subjects[2]);
      assert.ok(exists?.text?.includes("\n\nhttps://shop.example/login\n\n"), String(exists?.text));
    });
  }
});

describe("a mailed code", () => {
  const email = "carol@example.com";
  before(() => shop.join(email, password));
  const wrongFor = (code: string) => (code === "000000" ? "111111" : "000000");

  test("lets its owner in once", async () => {
    const browser = elsewhere();
    const code = await shop.codeOf(await browser.post("/session/code", { email }));
    assert.equal((await browser.post("/session", { email, code })).status, 200);
    assert.equal((await elsewhere().post("/session", { email, code })).body.code, "code_expired");
  });

  test("N4: has six digits, and is refused after five tries", async () => {
    const browser = elsewhere();
    const code = await shop.codeOf(await browser.post("/session/code", { email }));
    for (let i = 0; i < 5; i += 1) {
      assert.equal((await browser.post("/session", { email, code: wrongFor(code) })).body.code, "code_wrong");
    }
    const answer = await elsewhere().post("/session", { email, code });
    assert.deepEqual([answer.status, answer.body.code], [410, "code_expired"]);
  });

  test("N4: tried many times at once is tried five times", async () => {
    const browser = elsewhere();
    const code = await shop.codeOf(await browser.post("/session/code", { email }));
    // From one network no more than ten are tried at all.
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => browser.post("/session", { email, code: wrongFor(code) })),
    );
    assert.equal(answers.filter(({ body }) => body.code === "code_wrong").length, 5);
  });

  test("N4: is the owner's, whatever one stranger elsewhere asks for and tries", async () => {
    const address = { email: "cora@example.com" };
    await shop.join(address.email, password);
    const [owner, stranger] = [elsewhere(), elsewhere()];
    const askedFor = await stranger.post("/session/code", address);
    const statuses = [askedFor.status];
    const code = await shop.codeOf(await owner.post("/session/code", address));
    for (let i = 0; i < 6; i += 1) {
      statuses.push((await stranger.post("/session/code", address)).status);
      await stranger.post("/session", { ...address, code: wrongFor(code) });
    }
    assert.equal(statuses.filter((status) => status === 202).length, 3);
    assert.equal((await owner.post("/session", { ...address, code: wrongFor(code) })).body.code, "code_wrong");
    assert.equal((await owner.post("/session", { ...address, code })).status, 200);
  });

  test("N4: is tried twice from other networks, by two codes the later one counts too", async () => {
    const address = { email: "cleo@example.com" };
    await shop.join(address.email, password);
    const [home, phone] = [elsewhere(), elsewhere()];
    await home.post("/session/code", address);
    const later = await shop.codeOf(await phone.post("/session/code", address));
    assert.equal((await home.post("/session", { ...address, code: later })).status, 200);
    const code = await shop.codeOf(await phone.post("/session/code", address));
    const tried = [elsewhere(), elsewhere(), elsewhere()].map((one) =>
      one.post("/session", { ...address, code: wrongFor(code) }),
    );
    const codes = (await Promise.all(tried)).map(({ body }) => body.code);
    assert.deepEqual(codes.toSorted(), ["code_expired", "code_wrong", "code_wrong"]);
  });

  test("N4: is refused after ten minutes", async (t) => {
    const browser = elsewhere();
    const code = await shop.codeOf(await browser.post("/session/code", { email }));
    shop.wait(10 * 60_000 + 1);
    t.after(() => shop.wait(-10 * 60_000 - 1));
    assert.equal((await browser.post("/session", { email, code })).body.code, "code_expired");
  });

  test("for a new password sets it, ends every session, and lets in", async () => {
    const owner = "dave@example.com";
    const before = await shop.join(owner, "the old password of dave");
    const browser = elsewhere();
    const code = await shop.codeOf(await browser.post("/accounts/password/forgot", { email: owner }));
    const asLogIn = await elsewhere().post("/session", { email: owner, code });
    assert.equal(asLogIn.body.code, "code_expired", "a code has one purpose");
    assert.equal((await browser.post("/accounts/password/reset", { email: owner, code, password })).status, 200);
    assert.equal((await browser.post("/buy")).status, 200);
    assert.equal((await before.post("/buy")).status, 401);
    assert.equal((await elsewhere().post("/session", { email: owner, password })).status, 200);
    const old = { email: owner, password: "the old password of dave" };
    assert.equal((await elsewhere().post("/session", old)).status, 401);
  });

  test("for a new password leaves no session to a log-in by the old one that was under way", async () => {
    const old = { email: "dora@example.com", password: "the old password of dora" };
    await shop.join(old.email, old.password);
    const owner = elsewhere();
    const code = await shop.codeOf(await owner.post("/accounts/password/forgot", { email: old.email }));
    const reset = owner.post("/accounts/password/reset", { email: old.email, code, password });
    const others = Array.from({ length: 5 }, elsewhere);
    // They read the old password while the new one is hashed, and are checked after it is stored.
    await Promise.all(others.map((other) => other.post("/session", old)));
    assert.equal((await reset).status, 200);
    for (const other of others) {
      assert.equal((await other.post("/session/refresh")).status, 401);
      assert.equal((await other.post("/buy")).status, 401);
    }
    assert.equal((await owner.get("/account/sessions")).body.items.length, 1);
  });
});

describe("guessing", () => {
  const email = "mallet@example.com";
  before(() => shop.join(email, password));

  test("a password is refused after ten tries by account, from any network, and never keeps out the owner's code", async () => {
    for (let i = 0; i < 10; i += 1) {
      assert.equal((await elsewhere().post("/session", { email, password: `wrong horse ${i}` })).status, 401);
    }
    const answer = await elsewhere().post("/session", { email, password });
    assert.deepEqual([answer.status, answer.body.code], [429, "rate_limited"]);
    assert.ok(Number(answer.headers["retry-after"]) > 0);
    const owner = elsewhere();
    const code = await shop.codeOf(await owner.post("/session/code", { email }));
    assert.equal((await owner.post("/session", { email, code })).status, 200);
  });

  test("the codes of sign-ups is refused after fifty tries from one network, however many sign-ups they are for", async () => {
    const browser = elsewhere();
    const answers: string[] = [];
    for (let i = 0; i < 13; i += 1) {
      const { codeId } = (await browser.post("/accounts", { email: `guess${i}@example.com`, name: "Eve" })).body;
      for (let tries = 0; tries < 4; tries += 1) {
        answers.push((await browser.post("/accounts/verify", { codeId, code: "000000" })).body.code);
      }
    }
    assert.deepEqual(answers.slice(50), ["rate_limited", "rate_limited"]);
    const other = elsewhere();
    const asked = await other.post("/accounts", { email: "honest@example.com", name: "Ada" });
    const code = await shop.codeOf(asked);
    assert.equal((await other.post("/accounts/verify", { codeId: asked.body.codeId, code })).status, 200);
  });

  test("of many addresses is refused after ten tries from one network; those who succeed are not counted", async () => {
    const venue = elsewhere();
    for (let i = 0; i < 6; i += 1) {
      assert.equal((await venue.post("/session", { email: "ada@example.com", password })).status, 200);
    }
    for (let i = 0; i < 10; i += 1) {
      assert.equal((await venue.post("/session", { email: `x${i}@example.com`, password })).status, 401);
    }
    assert.equal((await venue.post("/session", { email: "x@example.com", password })).status, 429);
  });

  test("a rush of log-ins waits in a line that is bounded; further ones are asked to come again", async () => {
    const rush = Array.from({ length: mostWaiting + 6 }, (_, i) =>
      elsewhere().post("/session", { email: `rush${i}@example.com`, password }),
    );
    const answers = await Promise.all(rush);
    const busy = answers.filter(({ status }) => status === 503);
    assert.ok(busy.length >= 1 && busy.length <= 6, `${busy.length} were busy`);
    for (const { body, headers } of busy) {
      assert.equal(body.code, "login_busy");
      assert.ok(Number(headers["retry-after"]) > 0);
    }
    assert.equal(answers.filter(({ status }) => status === 401).length, rush.length - busy.length);
  });
});
