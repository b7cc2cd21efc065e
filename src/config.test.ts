import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ConfigError } from "#platform/config";
import { readConfig } from "./config.ts";

const noFile = "/nonexistent/.env";
const jwt = "x".repeat(32);

describe("config", () => {
  it("is embedded throughout where no engine's address is set", () => {
    const config = readConfig({}, noFile);
    assert.deepEqual(config.profile, { sql: "embedded", gate: "embedded", log: "embedded", workflows: "embedded" });
    assert.equal(config.TRUST_USER_HEADER, true);
    assert.equal(config.PORT, 8080);
    assert.ok(Object.isFrozen(config));
  });

  it("runs a part on the real engine as soon as its address is set, and then wants a secret", () => {
    assert.throws(() => readConfig({ REDIS_HOST: "redis" }, noFile), /1 setting is wrong:\n.*JWT_SECRET is missing/);
    const config = readConfig({ REDIS_HOST: "redis", JWT_SECRET: jwt }, noFile);
    assert.deepEqual(config.profile, { sql: "embedded", gate: "real", log: "embedded", workflows: "embedded" });
    assert.equal(config.TRUST_USER_HEADER, false);
    assert.equal(
      readConfig({ REDIS_HOST: "redis", JWT_SECRET: jwt, TRUST_USER_HEADER: "true" }, noFile).TRUST_USER_HEADER,
      true,
    );
  });

  it("gives each module the common database unless it has its own", () => {
    const [common, own] = ["postgres://u:p@a/shop", "postgres://u:p@b/payment"];
    const config = readConfig({ DATABASE_URL: common, PAYMENT_DATABASE_URL: own, JWT_SECRET: jwt }, noFile);
    assert.equal(config.CATALOG_DATABASE_URL, common);
    assert.equal(config.PAYMENT_DATABASE_URL, own);
    assert.throws(() => readConfig({ PAYMENT_DATABASE_URL: own }, noFile), /DATABASE_URL is not/);
  });

  it("keeps orders and stock in one database, since one transaction settles both", () => {
    const [common, own] = ["postgres://u:p@a/shop", "postgres://u:p@b/orders"];
    const apart = { DATABASE_URL: common, ORDERS_DATABASE_URL: own, JWT_SECRET: jwt };
    assert.throws(() => readConfig(apart, noFile), /INVENTORY_DATABASE_URL and ORDERS_DATABASE_URL differ/);
    assert.equal(readConfig({ ...apart, INVENTORY_DATABASE_URL: own }, noFile).ORDERS_DATABASE_URL, own);
  });

  it("reports the faults of single settings and between settings together", () => {
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
