/** The log on a Kafka that accepts only TLS: by certificate alone, and with a login. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startServers } from "../../../../test/servers/servers.ts";
import { until } from "../../../../test/support/until.ts";
import { collect, countOf, numbered, patiently } from "../contract/stage.testing.ts";
import type { Batch } from "../log.ts";
import { settings } from "./kafka.testing.ts";
import { type KafkaLogOptions, openKafkaLog } from "./kafka.ts";

const folder = mkdtempSync(join(tmpdir(), "dropgate-kafka-tls-"));
function startKafka() {
  return startServers({ folder, which: ["kafka"], tls: true });
}

let servers: Awaited<ReturnType<typeof startKafka>>;
let tls: { ca: string };
before(async () => {
  servers = await startKafka();
  tls = { ca: pem("ca.crt") };
});
after(async () => {
  await servers?.stopAll();
  rmSync(folder, { recursive: true, force: true });
});

function pem(name: string) {
  return readFileSync(join(folder, "tls", name), "utf8");
}

function open(change: Partial<KafkaLogOptions>) {
  return openKafkaLog({ ...settings, bootstrap: servers.kafka.bootstrap, ...change });
}

async function appendAndConsume(change: Partial<KafkaLogOptions>, topic: string): Promise<void> {
  await using resources = new AsyncDisposableStack();
  const log = await open(change);
  resources.defer(() => log.close());
  await log.ensureTopics([{ name: topic, partitions: 2 }]);
  await log.append(topic, numbered(10));
  const batches: Batch[] = [];
  await log.consume({ topic, group: `${topic}-readers`, maxRecords: 100, ...collect(batches) });
  await until(() => countOf(batches) === 10, patiently);
}

/** The message that a person reads at the start: all causes, from the outermost. */
async function refusalOf(change: Partial<KafkaLogOptions>): Promise<string> {
  const begun = performance.now();
  const error = await open(change).then(
    () => assert.fail("it opened"),
    (refusal) => refusal,
  );
  assert.ok(performance.now() - begun < 5_500, "it took longer than five seconds");
  const says = (at: unknown): string => (at instanceof Error ? `${at.message}\n${says(at.cause)}` : "");
  return says(error);
}

describe("Kafka over TLS", () => {
  test("records are appended and consumed if the CA has signed the broker's certificate", () =>
    appendAndConsume({ tls }, "over-tls"));

  test("a certificate that no trusted CA has signed is refused, and the error names KAFKA_CA_FILE", async () => {
    for (const wrong of [{}, { ca: pem("other-ca.crt") }]) {
      assert.match(await refusalOf({ tls: wrong }), /Kafka at localhost:\d+: no CA that is trusted.*KAFKA_CA_FILE/);
    }
  });

  test("a process that Node lets accept any certificate refuses this one", async (t) => {
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
    t.after(() => delete process.env.NODE_TLS_REJECT_UNAUTHORIZED);
    assert.match(await refusalOf({ tls: {} }), /KAFKA_CA_FILE/);
  });

  test("if several brokers are refused, each is named with the reason", async () => {
    const { bootstrap } = servers.kafka;
    const refusal = await refusalOf({
      tls: {},
      bootstrap: `${bootstrap},${bootstrap.replace("localhost", "127.0.0.1")}`,
    });
    assert.match(refusal, /at localhost:\d+: no CA that is trusted.*at 127\.0\.0\.1:\d+: no CA that is trusted/);
    assert.doesNotMatch(refusal, /SASL/);
  });

  test("a certificate for another host is refused, and the error names its hosts and KAFKA_BOOTSTRAP", async () => {
    const bootstrap = servers.kafka.bootstrap.replace("localhost", "127.0.0.1");
    const refusal = await refusalOf({ tls, bootstrap });
    assert.match(refusal, /Kafka at 127\.0\.0\.1:\d+: .*another host \(DNS:localhost\).*KAFKA_BOOTSTRAP/);
  });

  test("in plain text it does not answer, and the error names KAFKA_TLS", async () => {
    assert.match(await refusalOf({}), /Kafka at localhost:\d+.*KAFKA_TLS=true/);
    assert.match(
      await refusalOf({ ...login("SCRAM-SHA-512"), tls: undefined }),
      /Kafka at localhost:\d+.*KAFKA_TLS=true/,
    );
  });
});

function login(mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512", password = servers.kafka.login.password) {
  const { saslBootstrap: bootstrap, login } = servers.kafka;
  return { bootstrap, tls, sasl: { mechanism, username: login.username, password } };
}

describe("Kafka with a login over TLS", () => {
  for (const mechanism of ["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] as const) {
    test(`records are appended and consumed after a login by ${mechanism}`, () =>
      appendAndConsume(login(mechanism), `by-${mechanism}`));

    test(`a wrong password is refused by ${mechanism}, and the error names its setting`, async () => {
      const refusal = await refusalOf(login(mechanism, "wrong"));
      assert.match(refusal, /Kafka at localhost:\d+: it refuses user dropgate, .*KAFKA_SASL_PASSWORD/);
      assert.doesNotMatch(refusal, /wrong/);
    });
  }

  test("if a login is required and none is set, the error names its setting", async () => {
    assert.match(await refusalOf({ ...login("PLAIN"), sasl: undefined }), /asks for a login, set KAFKA_SASL_MECHANISM/);
  });
});
