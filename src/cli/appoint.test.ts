import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { openShop } from "../identity/browser.testing.ts";
import { appointPerson } from "./appoint.ts";
import type { Answer, Ask } from "./ask.ts";

async function openDesk(t: TestContext) {
  const shop = await openShop();
  t.after(shop.close);
  const grace = shop.browser();
  await grace.post("/session/demo", { person: "grace" });
  const ask: Ask = async (method, path, body) => {
    const { status, body: answer } = await (method === "GET"
      ? grace.get(path)
      : method === "PATCH"
        ? grace.patch(path, body as object)
        : shop.browser().post(path, body as object));
    assert.ok(status < 400, `${method} ${path} was answered ${status}`);
    return answer as Answer;
  };
  const lines: string[] = [];
  const appoint = (email: string, isMailed: boolean) =>
    appointPerson(ask, { email, role: "ADMIN", isMailed, print: (line) => lines.push(line) });
  return { shop, lines, appoint };
}

test("a person is found by their address, also among hundreds of addresses that end like it", async (t) => {
  const { shop, lines, appoint } = await openDesk(t);
  await shop.join("eva@shop.example");
  await shop.addLike("eva@shop.example", 450);
  await appoint("Eva@shop.example", true);
  assert.deepEqual(lines, ["eva@shop.example has the roles CUSTOMER, ADMIN."]);
});

test("without a mail server a person who has no account gets one, and its password lets them in", async (t) => {
  const { shop, lines, appoint } = await openDesk(t);
  await appoint("eva@shop.example", false);
  const password = /password is (\S+)/.exec(lines.join("\n"))?.[1];
  const eva = shop.browser();
  assert.equal((await eva.post("/session", { email: "eva@shop.example", password })).status, 200);
  assert.equal((await eva.get("/prices")).status, 200);
});
