import assert from "node:assert/strict";
import { test } from "node:test";
import type { RedisAddress } from "./access.ts";
import { unfitness } from "./client.ts";
import { serverFrom } from "./server.ts";

const use = { host: "redis", port: 6379, refusalOf: () => undefined };

test("a server that reads its data is refused until it is done, whatever its user demands", () => {
  const info = (loading: number) => serverFrom(`redis_version:7.2.0\r\nrole:master\r\nloading:${loading}\r\n`);
  assert.match(unfitness(info(1), use) ?? "", /^Redis still reads its data: wait/);
  assert.equal(unfitness(info(0), use), undefined);
  assert.equal(unfitness(info(0), { ...use, refusalOf: ({ version }) => `not ${version}` }), "not 7.2.0");
});

test("a refusal names the command that reaches this server with the shop's settings, whatever else runs on the machine", () => {
  const info = serverFrom("redis_version:7.2.0\r\nrole:master\r\nloading:0\r\n");
  const cli = (change: Partial<RedisAddress>) =>
    unfitness(info, { ...use, ...change, refusalOf: (_server, cli) => `run ${cli} ping` });
  assert.equal(cli({}), "run redis-cli -h redis -p 6379 ping");
  assert.equal(
    cli({ username: "shop", password: "secret", tls: { ca: "PEM" } }),
    "run REDISCLI_AUTH=$REDIS_PASSWORD redis-cli -h redis -p 6379 --user shop --tls --cacert $REDIS_CA_FILE ping",
  );
});
