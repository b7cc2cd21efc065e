import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { ConfigError } from "#platform/config";
import { printSettings } from "#platform/config-pages";
import { hostsOf, isSecure, offersDemoPeople, readConfig } from "./config.ts";
import { settings } from "./settings.ts";

const noFile = "/nonexistent/.env";
const jwt = "x".repeat(32);

describe("config", () => {
  test("runs every engine embedded if no address is set", () => {
    const config = readConfig({}, noFile);
    assert.deepEqual(config.profile, { sql: "embedded", gate: "embedded", log: "embedded", workflows: "embedded" });
    assert.equal(config.TRUST_USER_HEADER, true);
    assert.equal(config.PORT, 8080);
    assert.ok(Object.isFrozen(config));
  });

  test("runs a part on the real engine as soon as its address is set, and then needs a secret", () => {
    assert.throws(() => readConfig({ REDIS_HOST: "redis" }, noFile), /1 setting is wrong:\n.*JWT_SECRET is missing/);
    const config = readConfig({ REDIS_HOST: "redis", JWT_SECRET: jwt }, noFile);
    assert.deepEqual(config.profile, { sql: "embedded", gate: "real", log: "embedded", workflows: "embedded" });
    assert.equal(config.TRUST_USER_HEADER, false);
    assert.equal(
      readConfig({ REDIS_HOST: "redis", JWT_SECRET: jwt, TRUST_USER_HEADER: "true" }, noFile).TRUST_USER_HEADER,
      true,
    );
  });

  test("O24: SHOP is the prefix of every name that shops on one server would share, unless the name is set by hand", () => {
    const plain = readConfig({}, noFile);
    assert.equal(plain.TOPIC_ORDERS_RESERVATIONS, "orders.reservations");
    assert.equal(plain.GROUP_ORDER_PROCESSOR, "order-processor-group");
    const config = readConfig({ SHOP: "staging", TOPIC_ORDERS_EVENTS: "told" }, noFile);
    assert.deepEqual(
      [config.TOPIC_PRODUCT_EVENTS, config.TOPIC_ORDERS_RESERVATIONS, config.TOPIC_ORDERS_EVENTS],
      ["staging.product.events", "staging.orders.reservations", "told"],
    );
    assert.deepEqual(
      [config.GROUP_ORDER_PROCESSOR, config.GROUP_PRODUCT_PRICES, config.TEMPORAL_TASK_QUEUE_FULFILMENT],
      ["staging.order-processor-group", "staging.product-price-group", "staging.fulfilment"],
    );
    assert.match(printSettings(settings, config, config.origins), /GROUP_ORDER_PROCESSOR=staging\.\S+ +# derived/);
    for (const wrong of ["Staging", "a b", "x".repeat(33), "a:b", "é"]) {
      assert.throws(() => readConfig({ SHOP: wrong }, noFile), /SHOP must match/, wrong);
    }
  });

  test("PAYMENT_PROVIDER=stripe needs its keys and PUBLIC_URL, all of one mode, and masks the secret ones", () => {
    const keys = {
      PAYMENT_PROVIDER: "stripe",
      STRIPE_SECRET_KEY: "sk_test_secret1",
      STRIPE_PUBLISHABLE_KEY: "pk_test_public",
      STRIPE_WEBHOOK_SECRET: "whsec_secret2",
      PUBLIC_URL: "https://shop.example",
    };
    const config = readConfig(keys, noFile);
    assert.doesNotMatch(printSettings(settings, config, config.origins), /secret1|secret2/);
    for (const name of Object.keys(keys).slice(1)) {
      const half = Object.fromEntries(Object.entries(keys).filter(([key]) => key !== name));
      assert.throws(() => readConfig(half, noFile), new RegExp(`PAYMENT_PROVIDER=stripe needs ${name}`), name);
    }
    assert.throws(
      () => readConfig({ STRIPE_API_URL: "https://proxy.example" }, noFile),
      /STRIPE_API_URL is set but PAYMENT_PROVIDER is not stripe/,
    );
    for (const [wrong, says] of [
      [{ PAYMENT_PROVIDER: "simulator" }, /STRIPE_SECRET_KEY is set but PAYMENT_PROVIDER is not stripe/],
      [{ STRIPE_PUBLISHABLE_KEY: "pk_live_public" }, /of different modes/],
      [{ STRIPE_SECRET_KEY: "pk_test_public" }, /STRIPE_SECRET_KEY must match/],
      [{ STRIPE_API_URL: "http://api.stripe.example" }, /STRIPE_API_URL begins with https/],
      [{ PAYMENT_PROVIDER: "paypal" }, /PAYMENT_PROVIDER/],
    ] as const) {
      assert.throws(() => readConfig({ ...keys, ...wrong }, noFile), says);
    }
  });

  test("signs in demo people only where every engine is embedded, no other machine reaches the address, and X-User-Id is believed", () => {
    assert.equal(offersDemoPeople(readConfig({}, noFile)), true);
    for (const settings of [
      { REDIS_HOST: "127.0.0.1", JWT_SECRET: jwt, TRUST_USER_HEADER: "true" },
      { HOST: "0.0.0.0" },
      { TRUST_USER_HEADER: "false" },
    ]) {
      assert.equal(offersDemoPeople(readConfig(settings, noFile)), false, JSON.stringify(settings));
    }
  });

  test("serves loopback hosts and PUBLIC_URL's alone on the embedded default, and any host elsewhere", () => {
    const own = ["127.0.0.1", "localhost", "::1", "[::1]"];
    assert.deepEqual([...(hostsOf(readConfig({}, noFile)) ?? [])], own);
    const withUrl = readConfig({ PUBLIC_URL: "https://Shop.example:8443" }, noFile);
    assert.deepEqual([...(hostsOf(withUrl) ?? [])], [...own, "shop.example"]);
    for (const settings of [{ HOST: "0.0.0.0" }, { REDIS_HOST: "127.0.0.1", JWT_SECRET: jwt }]) {
      assert.equal(hostsOf(readConfig(settings, noFile)), undefined, JSON.stringify(settings));
    }
  });

  test("warns of sessions over plain http, and takes no other scheme", () => {
    const warned = readConfig({ PUBLIC_URL: "http://shop.example" }, noFile);
    assert.match(warned.warnings.join(), /PUBLIC_URL is plain http/);
    assert.equal(isSecure("http://shop.example"), false);
    for (const url of ["https://shop.example", "http://127.0.0.1:8080", "http://localhost", "http://[::1]:80"]) {
      assert.deepEqual(readConfig({ PUBLIC_URL: url }, noFile).warnings, [], url);
      assert.equal(isSecure(url), true, url);
    }
    assert.throws(() => readConfig({ PUBLIC_URL: "ftp://shop.example" }, noFile), /begin it with https/);
  });

  test("gives each module the common database unless it has its own", () => {
    const [common, own] = ["postgres://u:p@a/shop", "postgres://u:p@b/payment"];
    const config = readConfig({ DATABASE_URL: common, PAYMENT_DATABASE_URL: own, JWT_SECRET: jwt }, noFile);
    assert.equal(config.CATALOG_DATABASE_URL, common);
    assert.equal(config.PAYMENT_DATABASE_URL, own);
    assert.throws(() => readConfig({ PAYMENT_DATABASE_URL: own }, noFile), /DATABASE_URL is not/);
  });

  test("keeps orders and stock in one database, because one transaction settles both", () => {
    const [common, own] = ["postgres://u:p@a/shop", "postgres://u:p@b/orders"];
    const apart = { DATABASE_URL: common, ORDERS_DATABASE_URL: own, JWT_SECRET: jwt };
    assert.throws(() => readConfig(apart, noFile), /INVENTORY_DATABASE_URL and ORDERS_DATABASE_URL differ/);
    assert.equal(readConfig({ ...apart, INVENTORY_DATABASE_URL: own }, noFile).ORDERS_DATABASE_URL, own);
  });

  test("reports the faults of single settings and of several settings together", () => {
    assert.throws(
      () => readConfig({ PORT: "x", KAFKA_BOOTSTRAP: "kafka:9092", PAYMENT_WINDOW_MS: "0" }, noFile),
      (error) => error instanceof ConfigError && error.faults.length === 3,
    );
    assert.throws(
      () => readConfig({ REDIS_HOST: "redis", JWT_SECRET: "short" }, noFile),
      (error) => error instanceof ConfigError && error.faults.length === 1,
    );
  });
});

/** A CA whose key was deleted. */
const certificate = `-----BEGIN CERTIFICATE-----
MIIBdTCCARugAwIBAgIUfa+fOI5OH1itOTNeeXn6H652EXYwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEVGVzdDAgFw0yNjExMjMxNjE1MjhaGA8yMTI2MTAzMDE2MTUy
OFowDzENMAsGA1UEAwwEVGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABOek
hW6dcRl3KltfTWedVe2OvmUJz9QE28dhck7Al34FIVjCZQe1NsHWQnf7GMKG7/N9
VL3kPDO40SOo8GteHlWjUzBRMB0GA1UdDgQWBBRkt3QVToYZyrxy+H/AbhfkOm9x
cjAfBgNVHSMEGDAWgBRkt3QVToYZyrxy+H/AbhfkOm9xcjAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0gAMEUCIGuLNpIHvk2BhJAVf67mGX0bjlCKmQlH6Qbk
yhIg7aKWAiEAtXvFjYcpX+hsbk8AG6wp8TLT9vPYwzxZAJQs3e/OOUg=
-----END CERTIFICATE-----
`;

describe("a likely mistake", () => {
  const folder = mkdtempSync(join(tmpdir(), "config-"));
  after(() => rmSync(folder, { recursive: true }));
  const warningsOf = (text: string, environment: Record<string, string> = {}) => {
    writeFileSync(join(folder, ".env"), text);
    return readConfig(environment, join(folder, ".env")).warnings.join("\n");
  };

  for (const [name, meant] of [
    ["REDIS_HOTS", "REDIS_HOST"],
    ["KAFKA_BOOSTRAP", "KAFKA_BOOTSTRAP"],
    ["PAYMENT_WINDOWS_MS", "PAYMENT_WINDOW_MS"],
    ["JWT_SECRET_FIEL", "JWT_SECRET_FILE"],
    ["DROPGATE_PORT", "PORT"],
    ["redis_host", "REDIS_HOST"],
  ] as const) {
    test(`O14: ${name} in .env or the environment is no setting, and ${meant} is named`, () => {
      assert.match(warningsOf(`${name}=1`), new RegExp(`^${name} in .env is no setting: is ${meant} meant\\?$`));
      assert.match(warningsOf("", { [name]: "1" }), new RegExp(`^${name} in the environment .* is ${meant} meant\\?$`));
    });
  }

  test("O14: names with our prefix that are like no setting are reported too, and names of other programs never", () => {
    assert.match(warningsOf("REDIS_POOL_SIZE=8"), /REDIS_POOL_SIZE in .env is no setting: docs\/config.md lists/);
    assert.match(warningsOf("", { DROPGATE_FASTER: "1" }), /DROPGATE_FASTER in the environment is no setting/);
    const others = {
      PATH: "/bin",
      HOME: "/root",
      HOSTNAME: "h",
      PORTS: "1",
      KAFKA_HOME: "/k",
      REDIS_URL: "x",
      LANG: "C",
    };
    assert.equal(warningsOf("POSTGRES_PASSWORD=x\nCOMPOSE_PROJECT_NAME=shop\nPORT=1", others), "");
  });

  test("O14: a file is named for a setting that is no secret: it is told that the file is not read", () => {
    for (const name of ["KAFKA_BOOTSTRAP", "HOST", "REDIS_CA_FILE"]) {
      const says = `${name}_FILE in WHERE is without effect, because only secrets are read from files: set ${name} itself`;
      assert.equal(warningsOf(`${name}_FILE=/run/x`), says.replace("WHERE", ".env"));
      assert.equal(warningsOf("", { [`${name}_FILE`]: "/run/x" }), says.replace("WHERE", "the environment"));
    }
  });

  test("O14: quotes that Docker's env-file passes on are reported", () => {
    assert.match(warningsOf("", { JWT_ISSUER: '"shop"' }), /JWT_ISSUER in the environment has quotes around its value/);
    assert.equal(warningsOf('JWT_ISSUER="shop"'), "");
  });

  test("O14: every whole number has a maximum, and one beyond it is refused in a sentence", () => {
    for (const [name, setting] of Object.entries(settings)) {
      if (setting.type !== "integer") continue;
      const faults = /must be between -?\d+ and \d+, not "9007199254740991"/;
      assert.throws(() => readConfig({ [name]: "9007199254740991" }, noFile), faults, name);
    }
  });

  const absurd: [Record<string, string>, RegExp][] = [
    [{ TOPIC_DROP_EVENTS: "orders.events" }, /TOPIC_DROP_EVENTS and TOPIC_ORDERS_EVENTS are both orders\.events: give/],
    [{ SHOP: "a", TOPIC_DROP_EVENTS: "a.orders.events" }, /are both a\.orders\.events/],
    [
      { TOPIC_ORDERS_EVENTS: "drop.events.dlq" },
      /TOPIC_ORDERS_EVENTS is drop.events.dlq, the dead letters of TOPIC_DROP/,
    ],
    [{ TOPIC_PRODUCT_EVENTS: "our products" }, /TOPIC_PRODUCT_EVENTS is "our products": a topic has letters/],
    [
      { GROUP_WEBHOOKS: "parcel-group" },
      /GROUP_WEBHOOKS and GROUP_PARCELS are both parcel-group: each would get a part/,
    ],
    [
      { HOST: "http://127.0.0.1" },
      /HOST is "http:\/\/127\.0\.0\.1": write a name or an address alone; the port is PORT/,
    ],
    [{ REDIS_HOST: "redis:6379" }, /REDIS_HOST is "redis:6379": .* the port is REDIS_PORT/],
    [{ REDIS_CLUSTER: "true" }, /REDIS_CLUSTER is set but REDIS_HOST is not: name some of the cluster's nodes/],
    [
      { REDIS_CLUSTER: "true", REDIS_HOST: "a:7000,redis://b" },
      /REDIS_HOST has "redis:\/\/b": write host or host:port/,
    ],
    [{ KAFKA_BOOTSTRAP: "a:9092,b" }, /KAFKA_BOOTSTRAP has "b": write host:port/],
    [{ TEMPORAL_ADDRESS: "http://temporal:7233" }, /TEMPORAL_ADDRESS has "http:.*": write host:port, without a scheme/],
    [{ DATABASE_URL: "https://db/shop" }, /DATABASE_URL begins with postgres:\/\//],
    [{ ORDER_URL: "https://order:8080" }, /ORDER_URL has "https:\/\/order:8080": write http:\/\/host:port/],
    [{ ORDER_URL: "http://a:8080,http://me:hunter2@b" }, /ORDER_URL has an entry with a user or a password/],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "localhost:4318" }, /OTEL_EXPORTER_OTLP_ENDPOINT begins with https/],
    [{ OTEL_TRACES_SAMPLER_ARG: "-1" }, /OTEL_TRACES_SAMPLER_ARG must match .*, and is "-1"/],
    [{ OTEL_TRACES_SAMPLER_ARG: "1.5" }, /OTEL_TRACES_SAMPLER_ARG must match .*, and is "1\.5"/],
    [
      { PAYMENT_WEBHOOK_SECRET: "whsec_!!!!!!!!!!!!!!!!!!" },
      /PAYMENT_WEBHOOK_SECRET begins with whsec_, .* has 0 bytes and needs 16/,
    ],
    [
      { OTEL_EXPORTER_OTLP_HEADERS: "x-api-key: hunter2" },
      /^ {2}entry 1 of OTEL_EXPORTER_OTLP_HEADERS is no header: /m,
    ],
    [{ OTEL_EXPORTER_OTLP_HEADERS: "a=1,=2" }, /^ {2}entry 2 of OTEL_EXPORTER_OTLP_HEADERS is no header: write name=/m],
    [{ PUBLIC_URL: "https://shop.example/shop" }, /PUBLIC_URL is https:\/\/shop.example alone/],
  ];
  for (const [given, fault] of absurd) {
    test(`O14: ${Object.entries(given).at(-1)?.join("=")} is refused at the start`, () => {
      assert.throws(() => readConfig({ JWT_SECRET: jwt, ...given }, noFile), fault);
    });
  }

  test("O14: names and addresses as engines write them are accepted", () => {
    const given = {
      HOST: "::",
      REDIS_HOST: "::1",
      KAFKA_BOOTSTRAP: "a:9092, [::1]:9093",
      TEMPORAL_ADDRESS: "temporal:7233",
      DATABASE_URL: "postgresql://u:p@[::1]:5432/shop",
      ORDER_URL: "http://a:8080, http://[::1]:8080/",
      PUBLIC_URL: "https://shop.example/",
      SHOP: "a",
      GROUP_PARCELS: "parcel-group",
      OTEL_EXPORTER_OTLP_HEADERS: "x-api-key=a%20key, Authorization=Basic YTpi==,empty=,",
    };
    assert.doesNotThrow(() => readConfig({ JWT_SECRET: jwt, ...given }, noFile));
  });

  test("O14: no password in a list of addresses is printed", () => {
    const PRODUCT_URL = "http://ops:hunter2@10.0.0.7:8080,https://t:hunter2/@x@b:1/?token=hunter2, http://hunter2@c";
    const config = readConfig({}, noFile);
    const text = printSettings(settings, { ...config, PRODUCT_URL }, { ...config.origins, PRODUCT_URL: "environment" });
    assert.doesNotMatch(text, /hunter2/);
    assert.match(
      text,
      /PRODUCT_URL=http:\/\/\*\*\*@10\.0\.0\.7:8080,https:\/\/\*\*\*@b:1\/\?\*\*\*, http:\/\/\*\*\*@c /,
    );
  });
});

describe("security settings", () => {
  const folder = mkdtempSync(join(tmpdir(), "config-"));
  after(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const ca = file("ca.pem", certificate);

  function faultsOf(environment: Record<string, string>): string[] {
    try {
      readConfig({ JWT_SECRET: jwt, ...environment }, noFile);
      return [];
    } catch (error) {
      return [...(error as ConfigError).faults];
    }
  }

  test("are valid together", () => {
    assert.deepEqual(faultsOf({ REDIS_TLS: "true", REDIS_CA_FILE: ca, KAFKA_TLS: "true", KAFKA_CA_FILE: ca }), []);
    const url = `postgres://u:p@db/shop?sslmode=verify-full&sslrootcert=${encodeURIComponent(ca)}`;
    assert.deepEqual(faultsOf({ DATABASE_URL: url, REPORTS_DATABASE_URL: url }), []);
    const login = { KAFKA_SASL_USERNAME: "shop", KAFKA_SASL_PASSWORD: "p" };
    assert.deepEqual(faultsOf({ ...login, KAFKA_SASL_MECHANISM: "SCRAM-SHA-512" }), []);
    assert.deepEqual(faultsOf({ ...login, KAFKA_SASL_MECHANISM: "PLAIN", KAFKA_TLS: "true" }), []);
  });

  test("name a CA file that cannot be used", () => {
    const faultOf = (path: string) => faultsOf({ REDIS_TLS: "true", REDIS_CA_FILE: path }).join();
    assert.match(faultOf(join(folder, "absent")), /REDIS_CA_FILE names .*absent, which cannot be read \(ENOENT\)/);
    assert.match(faultOf(file("empty", "")), /holds no certificate in PEM/);
    assert.match(faultOf(file("broken", certificate.replace("MII", "MIX"))), /a certificate that cannot be read/);
  });

  test("refuse a CA for a connection that is not encrypted or does not check it", () => {
    assert.match(faultsOf({ KAFKA_CA_FILE: ca }).join(), /KAFKA_CA_FILE is set but KAFKA_TLS is not/);
    for (const mode of ["disable", "no-verify"]) {
      const url = `postgres://u:p@db/shop?sslmode=${mode}&sslrootcert=${ca}`;
      assert.match(faultsOf({ DATABASE_URL: url }).join(), new RegExp(`sslmode=${mode} does not check`));
    }
  });

  test("refuse an sslmode that programs understand in different ways", () => {
    for (const mode of ["prefer", "require", "verify-ca", "verify_full"]) {
      const [fault] = faultsOf({ DATABASE_URL: `postgres://u:hunter2@db/shop?sslmode=${mode}` });
      assert.match(fault ?? "", new RegExp(`DATABASE_URL has sslmode=${mode}.*verify-full`));
      assert.doesNotMatch(fault ?? "", /hunter2/);
    }
    for (const parameter of ["ssl=true", "ssl=no-verify", "SSLMODE=verify-full", "sslMode=verify-full"]) {
      const [fault] = faultsOf({ DATABASE_URL: `postgres://u:p@db/shop?${parameter}` });
      assert.match(fault ?? "", /may encrypt nothing: write sslmode=verify-full/);
    }
    const twice = "postgres://u:p@db/shop?sslmode=verify-full&sslmode=prefer";
    assert.match(faultsOf({ DATABASE_URL: twice }).join(), /sslmode=prefer/);
    const compat = "postgres://u:p@db/shop?uselibpqcompat=true";
    assert.match(faultsOf({ DATABASE_URL: compat }).join(), /uselibpqcompat/);
  });

  test("refuse half a login, and a password that would be sent in plain text", () => {
    assert.match(faultsOf({ REDIS_USERNAME: "gate" }).join(), /REDIS_USERNAME is set but REDIS_PASSWORD is not/);
    const half = { KAFKA_SASL_MECHANISM: "SCRAM-SHA-512", KAFKA_SASL_USERNAME: "shop" };
    assert.match(faultsOf(half).join(), /without KAFKA_SASL_PASSWORD: a login needs all three/);
    const readable = { ...half, KAFKA_SASL_MECHANISM: "PLAIN", KAFKA_SASL_PASSWORD: "p" };
    assert.match(faultsOf(readable).join(), /PLAIN sends the password readable/);
  });

  test("name an outside issuer with the shop's name there, over TLS unless it is on this machine", () => {
    const shop = { OIDC_CLIENT_ID: "shop" };
    for (const fine of ["https://id.example/realm", "http://127.0.0.1:9000", "http://[::1]", "http://localhost:9"]) {
      assert.deepEqual(faultsOf({ ...shop, OIDC_ISSUER: fine }), [], fine);
    }
    for (const wrong of ["http://id.example", "ftp://127.0.0.1"]) {
      assert.match(faultsOf({ ...shop, OIDC_ISSUER: wrong }).join(), /OIDC_ISSUER begins with https/, wrong);
    }
    assert.match(faultsOf({ OIDC_ISSUER: "https://id.example" }).join(), /OIDC_CLIENT_ID is not: set both/);
    assert.match(faultsOf({ OIDC_ROLES_CLAIM: "roles" }).join(), /OIDC_ROLES_CLAIM is set but OIDC_ISSUER is not/);
    assert.match(faultsOf({ OIDC_TRUST_EMAIL: "true" }).join(), /OIDC_TRUST_EMAIL is set but OIDC_ISSUER is not/);
  });

  test("accept only exact addresses and networks of proxies", () => {
    for (const fine of ["10.0.0.0/8", "127.0.0.1, ::1", "2001:db8::/32,192.0.2.7"]) {
      assert.deepEqual(faultsOf({ TRUST_PROXY: fine }), []);
    }
    for (const wrong of ["true", "*", "10.0.0.0/33", "10.0.0/8", "gateway", "10.0.0.1,", "::/129", "10.0.0.1/8/8"]) {
      assert.match(faultsOf({ TRUST_PROXY: wrong }).join(), /TRUST_PROXY has ".*", which is no address/, wrong);
    }
  });

  test("use the orders' database for reports unless a replica is set", () => {
    const [common, replica] = ["postgres://u:p@a/shop", "postgres://u:p@b/shop"];
    const config = readConfig({ DATABASE_URL: common, JWT_SECRET: jwt }, noFile);
    assert.equal(config.REPORTS_DATABASE_URL, common);
    const own = readConfig({ DATABASE_URL: common, REPORTS_DATABASE_URL: replica, JWT_SECRET: jwt }, noFile);
    assert.equal(own.REPORTS_DATABASE_URL, replica);
    assert.equal(own.ORDERS_DATABASE_URL, common);
  });
});
