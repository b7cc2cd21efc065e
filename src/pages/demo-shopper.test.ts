import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createIdentity } from "#identity";
import { systemClock } from "#platform/clock";
import { createHttp, type Http } from "#platform/http";
import { createLog } from "#platform/log";
import { readConfig } from "../config/config.ts";
import { demoShopperRoutes } from "./demo-shopper.ts";

const secret = "a secret for tests that has more than 32 bytes";
const identity = createIdentity({ secret, issuer: "dropgate", audience: undefined, trustUserHeader: true });
const ada = { method: "POST", url: "/session/demo", payload: { person: "ada" } } as const;

async function appWith(settings: Record<string, string>): Promise<Http> {
  const log = createLog({ level: "silent" });
  const app = await createHttp({ log, clock: systemClock, openApi: { title: "Demo", version: "1" } });
  demoShopperRoutes(app, identity, readConfig({ JWT_SECRET: secret, ...settings }, "no .env in tests"));
  return app;
}

describe("the demo shopper", () => {
  let app: Http;
  before(async () => {
    app = await appWith({});
  });
  after(() => app.close());

  test("is a customer and nothing more", async () => {
    const answer = await app.inject({ ...ada, headers: { host: "127.0.0.1:8080" } });
    assert.equal(answer.statusCode, 200);
    assert.equal(answer.headers["cache-control"], "no-store");
    const { token } = answer.json() as { token: string };
    const caller = identity.authenticate({ authorization: `Bearer ${token}` });
    assert.deepEqual(caller, { userId: "ada", roles: ["CUSTOMER"] });
    const other = { ...ada, payload: { person: "grace" }, headers: { host: "localhost" } };
    assert.equal((await app.inject(other)).statusCode, 400);
  });

  test("is given to no other name of this address, which a foreign site could have made", async () => {
    const answer = await app.inject({ ...ada, headers: { host: "shop.example.com" } });
    assert.equal(answer.statusCode, 404);
    assert.doesNotMatch(answer.body, /token/);
  });

  for (const [says, settings] of Object.entries({
    "an engine is real": { REDIS_HOST: "127.0.0.1" },
    "other machines reach the address": { HOST: "0.0.0.0" },
    "X-User-Id is not believed": { TRUST_USER_HEADER: "false" },
  })) {
    test(`is absent if ${says}`, async (t) => {
      const strict = await appWith(settings);
      t.after(() => strict.close());
      assert.equal((await strict.inject({ ...ada, headers: { host: "127.0.0.1" } })).statusCode, 404);
    });
  }
});
