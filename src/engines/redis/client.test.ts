import assert from "node:assert/strict";
import { test } from "node:test";
import { unfitness } from "./client.ts";
import { serverFrom } from "./server.ts";

const use = { refusalOf: () => undefined };

test("a server that reads its data is refused until it is done, whatever its user demands", () => {
  const info = (loading: number) => serverFrom(`redis_version:7.2.0\r\nrole:master\r\nloading:${loading}\r\n`);
  assert.match(unfitness(info(1), use) ?? "", /^Redis still reads its data: wait/);
  assert.equal(unfitness(info(0), use), undefined);
  assert.equal(unfitness(info(0), { refusalOf: ({ version }) => `not ${version}` }), "not 7.2.0");
});
