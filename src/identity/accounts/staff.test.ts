import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { until } from "../../../test/support/until.ts";
import { hashOf, type Link } from "../audit/chain.ts";
import { openShop, type Shop } from "../browser.testing.ts";

let shop: Shop;
let grace: ReturnType<Shop["browser"]>;
before(async () => {
  shop = await openShop();
  grace = shop.browser();
  for (const person of ["ada", "linus", "grace"]) {
    assert.equal((await grace.post("/session/demo", { person })).status, 200);
  }
});
after(() => shop.close());

async function signedIn(person: string) {
  const browser = shop.browser();
  assert.equal((await browser.post("/session/demo", { person })).status, 200);
  return browser;
}

describe("an ADMIN", () => {
  test("finds accounts by a part of their name or address, page by page", async () => {
    const { items, nextCursor } = (await grace.get("/admin/users?limit=2")).body;
    assert.deepEqual(
      items.map(({ userId }: { userId: string }) => userId),
      ["ada", "grace"],
    );
    const rest = (await grace.get(`/admin/users?limit=2&cursor=${nextCursor}`)).body;
    assert.deepEqual([rest.items[0].userId, rest.nextCursor], ["linus", null]);
    assert.equal((await grace.get("/admin/users?q=LINUS%40")).body.items.length, 1);
  });

  test("N3: changes roles, and every process refuses the former ones within a second", async () => {
    const linus = await signedIn("linus");
    const changed = await grace.patch("/admin/users/linus", { roles: ["CUSTOMER", "ADMIN"] });
    assert.deepEqual([changed.status, changed.body.roles], [200, ["CUSTOMER", "ADMIN"]]);
    assert.equal((await linus.get("/buy")).status, 401);
    assert.equal((await linus.post("/session/refresh")).status, 200);
    assert.equal((await linus.post("/prices")).status, 200);
    const elsewhere = { cookie: `${shop.cookies.session}=${linus.jar.get(shop.cookies.session)}` };
    const there = (url: string) => shop.other.app.inject({ method: "GET", url, headers: elsewhere });
    await until(async () => (await there("/prices")).statusCode === 200);
    assert.equal((await grace.patch("/admin/users/linus", { roles: ["WAREHOUSE"] })).status, 200);
    assert.equal((await linus.post("/prices")).status, 401);
    await until(async () => (await there("/prices")).statusCode === 401);
  });

  test("N3: disables an account: its sessions end for good, also if it is enabled again", async () => {
    const linus = await signedIn("linus");
    await grace.patch("/admin/users/linus", { disabled: true });
    assert.equal((await linus.get("/buy")).status, 401);
    assert.equal((await linus.post("/session/demo", { person: "linus" })).status, 404);
    await grace.patch("/admin/users/linus", { disabled: false });
    assert.equal((await linus.post("/session/refresh")).status, 401);
    assert.equal((await signedIn("linus")).jar.size, 2);
  });

  test("sees where a person is signed in, and ends one of their sessions: its token is refused, the others stay", async () => {
    const [linus, elsewhere] = [await signedIn("linus"), await signedIn("linus")];
    const sessions = async () => (await grace.get("/admin/users/linus/sessions")).body.items as { sessionId: string }[];
    const { items } = (await elsewhere.get("/account/sessions")).body;
    const { sessionId } = items.find(({ isCurrent }: { isCurrent: boolean }) => isCurrent);
    assert.ok((await sessions()).some((one) => one.sessionId === sessionId));
    assert.equal((await grace.delete(`/admin/users/ada/sessions/${sessionId}`)).status, 404);
    assert.equal((await grace.delete(`/admin/users/linus/sessions/${sessionId}`)).status, 204);
    assert.deepEqual([(await elsewhere.get("/buy")).status, (await linus.post("/session/refresh")).status], [401, 200]);
    assert.ok((await sessions()).every((one) => one.sessionId !== sessionId));
    assert.equal((await grace.delete(`/admin/users/linus/sessions/${sessionId}`)).status, 404);
    assert.equal((await grace.get("/admin/users/no-one/sessions")).status, 404);
  });

  test("N5: is never the last one to go, by role or disabled, and not when two take each other's role at once", async () => {
    for (const change of [{ roles: ["CUSTOMER"] }, { disabled: true }]) {
      const answer = await grace.patch("/admin/users/grace", change);
      assert.deepEqual([answer.status, answer.body.code], [409, "last_admin"]);
    }
    await grace.patch("/admin/users/linus", { roles: ["ADMIN"] });
    const linus = await signedIn("linus");
    const answers = await Promise.all([
      grace.patch("/admin/users/linus", { roles: ["WAREHOUSE"] }),
      linus.patch("/admin/users/grace", { roles: ["CUSTOMER"] }),
    ]);
    assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 409]);
    const [{ count }] = (await shop.sql.query("select count(*) from identity.account where 'ADMIN' = any (roles)")) as [
      { count: number },
    ];
    assert.equal(count, 1);
    const first = answers[0]?.status === 200 ? grace : linus;
    await first.patch("/admin/users/grace", { roles: ["ADMIN"] });
    grace = await signedIn("grace");
    // Whichever of the two won: grace is the only ADMIN again.
    assert.equal((await grace.patch("/admin/users/linus", { roles: ["WAREHOUSE"] })).status, 200);
  });

  test("changes an account only as they read it, if they say so", async () => {
    const { items } = (await grace.get("/admin/users?q=ada")).body;
    const stale = { "if-match": `"${items[0].version}"` };
    assert.equal((await grace.patch("/admin/users/ada", { roles: ["CUSTOMER"] }, stale)).status, 200);
    const answer = await grace.patch("/admin/users/ada", { disabled: true }, stale);
    assert.deepEqual([answer.status, answer.body.code], [412, "version_mismatch"]);
    assert.equal((await grace.patch("/admin/users/no-one", { disabled: true })).status, 404);
  });

  test("O13: names that version also by a tag that a compressing proxy has marked, and in a list", async () => {
    for (const spelling of ['"VERSION-gzip"', 'W/"VERSION"', '"never-ours", "VERSION"', "*"]) {
      const { version } = (await grace.get("/admin/users?q=ada")).body.items[0];
      const roles = [version % 2 ? "WAREHOUSE" : "CUSTOMER"];
      const asked = { "if-match": spelling.replace("VERSION", `${version}`) };
      const changed = await grace.patch("/admin/users/ada", { roles }, asked);
      assert.deepEqual([changed.status, changed.body.version], [200, version + 1], spelling);
    }
    const answer = await grace.patch("/admin/users/ada", { roles: ["CUSTOMER"] }, { "if-match": '"never-ours"' });
    assert.deepEqual([answer.status, answer.body.code], [412, "version_mismatch"]);
    await grace.patch("/admin/users/ada", { roles: ["CUSTOMER"] });
  });

  test("is asked for by each of these routes", async () => {
    const ada = await signedIn("ada");
    for (const url of ["/admin/users", "/admin/users/ada/sessions", "/admin/audit", "/admin/mails"]) {
      assert.equal((await ada.get(url)).status, 403);
      assert.equal((await shop.browser().get(url, { "x-user-id": "grace" })).status, 403);
    }
    assert.equal((await ada.patch("/admin/users/ada", { roles: ["ADMIN"] })).status, 403);
    assert.equal((await ada.delete("/admin/users/ada/sessions/any")).status, 403);
  });
});

describe("the audit", () => {
  type Item = { seq: number; actor: string; action: string; subject: string; phase: string; intentSeq: number | null };
  const chain = async () => (await grace.get("/admin/audit?verify=true&limit=1")).body.chain;

  test("has an intent before each act, with the state before it, and its outcome after it", async () => {
    await grace.patch("/admin/users/ada", { disabled: true });
    await grace.patch("/admin/users/grace", { disabled: true });
    const { items } = (await grace.get("/admin/audit?limit=4")).body;
    const told = (items as Item[]).map(({ actor, subject, phase }) => [actor, subject, phase]).toReversed();
    assert.equal(items[0].actorName, "Grace");
    assert.deepEqual(told, [
      ["grace", "ada", "intent"],
      ["grace", "ada", "done"],
      ["grace", "grace", "intent"],
      ["grace", "grace", "refused"],
    ]);
    assert.equal(items[0].intentSeq, items[1].seq);
    assert.deepEqual(items[0].detail, { reason: "last_admin" });
    const before = { roles: ["CUSTOMER"], disabled: false };
    assert.deepEqual(items[3].detail, { before, change: { disabled: true } });
    await grace.patch("/admin/users/ada", { disabled: false });
  });

  test("is one chain, also of acts at the same moment", async () => {
    await Promise.all([1, 2, 3, 4].map(() => grace.patch("/admin/users/linus", { roles: ["WAREHOUSE"] })));
    const [{ count }] = (await shop.sql.query("select count(*) from identity.audit")) as [{ count: number }];
    assert.deepEqual(await chain(), { rows: count, brokenAt: null });
  });

  test("that cannot take an outcome leaves the intent open, and the act is answered as what it is: done", async (t) => {
    const says = t.mock.method(console, "error", () => {});
    await shop.sql.query(
      `create function public.refuse() returns trigger language plpgsql as $$ begin raise 'the disk is full'; end $$`,
    );
    await shop.sql.query(
      `create trigger refuse before insert on identity.audit for each row when (new.phase <> 'intent')
       execute function public.refuse()`,
    );
    const changed = await grace.patch("/admin/users/linus", { roles: ["CUSTOMER"] });
    await shop.sql.query("drop function public.refuse() cascade");
    assert.deepEqual([changed.status, changed.body.roles], [200, ["CUSTOMER"]]);
    assert.deepEqual(says.mock.calls[0]?.arguments[0], "the outcome of an act in the audit");
    assert.equal((await grace.get("/admin/audit?limit=1")).body.items[0].outcome, "open");
    assert.equal((await grace.patch("/admin/users/linus", { roles: ["WAREHOUSE"] })).status, 200);
  });

  test("takes acts while PostgreSQL vacuums its table, which may take minutes", async () => {
    await shop.sql.transaction(async (tx) => {
      await tx.query("lock table identity.audit in share update exclusive mode");
      assert.equal((await grace.patch("/admin/users/linus", { roles: ["WAREHOUSE"] })).status, 200);
    });
    assert.equal((await chain()).brokenAt, null);
  });

  test("goes on behind a row that a process of an earlier version adds at the same moment", async () => {
    let acting: ReturnType<typeof grace.patch> | undefined;
    await shop.sql.transaction(async (tx) => {
      await tx.query("lock table identity.audit in share row exclusive mode");
      const [last] = (await tx.query("select seq, hash from identity.audit order by seq desc limit 1")) as [Link];
      const about = {
        actor: "linus",
        action: "a",
        subject: "b",
        phase: "intent",
        intentSeq: null,
        detail: "{}",
      } as const;
      const row = { ...about, seq: last.seq + 1, at: new Date(), prev: last.hash };
      await tx.query(
        `insert into identity.audit (seq, at, actor, action, subject, phase, detail, prev, hash)
         values ($1, $2, 'linus', 'a', 'b', 'intent', '{}', $3, $4)`,
        [row.seq, row.at, row.prev, hashOf(row)],
      );
      acting = grace.patch("/admin/users/linus", { roles: ["WAREHOUSE"] });
      await until(async () => (await shop.sql.query("select from pg_locks where not granted")).length > 0);
    });
    assert.equal((await acting)?.status, 200);
    assert.equal((await chain()).brokenAt, null);
  });

  for (const [what, change, brokenAt] of [
    ["whose actor was changed", "update identity.audit set actor = 'eve' where seq = 3", 3],
    ["whose time was changed", "update identity.audit set at = at + interval '1 ms' where seq = 3", 3],
    ["whose detail was changed", "update identity.audit set detail = '{}' where seq = 3", 3],
    ["that was removed", "delete from identity.audit where seq = 4", 5],
    [
      "that was changed and hashed anew",
      `update identity.audit set actor = 'eve', hash = encode(sha256(convert_to('x', 'utf8')), 'hex') where seq = 3`,
      3,
    ],
  ] as const) {
    test(`finds a row ${what}`, async () => {
      await shop.sql.query("create table public.kept as select * from identity.audit");
      await shop.sql.query(change);
      const found = await chain();
      await shop.sql.query("truncate identity.audit");
      await shop.sql.query("insert into identity.audit select * from public.kept order by seq");
      await shop.sql.query("drop table public.kept");
      assert.equal(found.brokenAt, brokenAt);
      assert.equal((await chain()).brokenAt, null);
    });
  }
});
