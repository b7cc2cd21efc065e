/**
 * The gate over TLS, on a Redis that accepts nothing else: the certificates that it trusts, and the text of a refusal.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createClient } from "@redis/client";
import type { RedisAddress } from "#engines/redis";
import { startServers } from "../../../../test/servers/servers.ts";
import { buy, memoryNonces, openTestGate, rebuilt, skipWithoutRedis, startTestRedis } from "./redis.testing.ts";

describe("the gate on Redis over TLS", { skip: skipWithoutRedis }, () => {
  const folder = mkdtempSync(join(tmpdir(), "dropgate-redis-tls-"));
  const startRedis = () => startServers({ folder, which: ["redis"], tls: true });
  let servers: Awaited<ReturnType<typeof startRedis>>;
  let ca: string;
  before(async () => {
    servers = await startRedis();
    ca = pem("ca.crt");
  });
  after(async () => {
    await servers?.stopAll();
    rmSync(folder, { recursive: true, force: true });
  });

  const pem = (name: string) => readFileSync(join(folder, "tls", name), "utf8");

  const open = (change: Partial<RedisAddress>) => openTestGate(servers.redis, memoryNonces(), change);

  test("units are reserved over a server whose certificate the CA has signed", async (t) => {
    const gate = await open({ tls: { ca } });
    t.after(() => gate.shutdown());
    await rebuilt(gate, "lamp");
    assert.equal(await buy(gate, "lamp"), "reserved");
  });

  test("a certificate that no trusted CA has signed is refused, and the error names REDIS_CA_FILE", async () => {
    const refusal = /Redis at localhost:\d+, encrypted.*no CA that is trusted here.*REDIS_CA_FILE/;
    await assert.rejects(open({ tls: {} }), refusal);
    await assert.rejects(open({ tls: { ca: pem("other-ca.crt") } }), refusal);
  });

  test("a process that Node lets accept any certificate refuses this one", async (t) => {
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
    t.after(() => delete process.env.NODE_TLS_REJECT_UNAUTHORIZED);
    await assert.rejects(open({ tls: {} }), /REDIS_CA_FILE/);
  });

  test("a certificate for another host is refused, and the error names its hosts and REDIS_HOST", async () => {
    const refusal = /Redis at 127\.0\.0\.1:\d+.*for another host \(DNS:localhost\).*REDIS_HOST/;
    await assert.rejects(open({ tls: { ca }, host: "127.0.0.1" }), refusal);
  });

  test("in plain text it does not answer, and the error names REDIS_TLS", async () => {
    await assert.rejects(open({}), /Redis at localhost:\d+.*REDIS_TLS=true/);
  });

  test("a Redis without TLS is given up within five seconds, and the error names REDIS_TLS", async (t) => {
    const plain = await startTestRedis();
    t.after(() => plain.close());
    const refusal = /Redis at 127\.0\.0\.1:\d+, encrypted.*REDIS_PORT.*leave REDIS_TLS out/;
    await assert.rejects(open({ host: plain.host, port: plain.port, tls: { ca } }), refusal);
  });

  test("a wrong password names its setting", async () => {
    await assert.rejects(open({ tls: { ca }, password: "wrong" }), /refuses the password.*REDIS_PASSWORD/);
  });

  test("a user of the ACL logs in by name", async (t) => {
    const { host, port, password } = servers.redis;
    const admin = createClient({ password, socket: { host, port, tls: true, ca } });
    await admin.connect();
    // These permissions are enough, as docs/guide/deployment.md says.
    await admin.sendCommand(["ACL", "SETUSER", "gate", "on", ">a secret", "~*", "+@all", "-@dangerous", "+info"]);
    await admin.sendCommand(["ACL", "SETUSER", "reader", "on", ">a secret", "~*", "+@read"]);
    admin.destroy();
    const gate = await open({ tls: { ca }, username: "gate", password: "a secret" });
    t.after(() => gate.shutdown());
    await rebuilt(gate, "chair");
    assert.equal(await buy(gate, "chair"), "reserved");
    await assert.rejects(
      open({ tls: { ca }, username: "reader", password: "a secret" }),
      /does not allow its user.*grant/,
    );
    const wrong = open({ tls: { ca }, username: "unknown", password: "a secret" });
    await assert.rejects(wrong, /REDIS_USERNAME and REDIS_PASSWORD/);
  });
});
