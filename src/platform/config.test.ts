import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { ConfigError, defineSettings, readEnvFile, readSettings } from "./config.ts";
import { printSettings, renderConfigPage, renderEnvExample } from "./config-pages.ts";

const folder = mkdtempSync(join(tmpdir(), "config-"));
after(() => rmSync(folder, { recursive: true }));

const table = defineSettings({
  PORT: { type: "integer", default: 8080, min: 0, max: 65_535, says: "The port." },
  LEVEL: { type: "text", oneOf: ["info", "warn"], default: "info", says: "The level." },
  TRUST: { type: "flag", defaultSays: "it depends", says: "Whether to trust." },
  PASSWORD: { type: "text", secret: true, min: 8, says: "The password." },
  DATABASE_URL: { type: "url", secret: true, says: "The database." },
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe("settings", () => {
  test("have the types and defaults of their table", () => {
    const { values, faults, origins } = readSettings(table, { PORT: "9000", TRUST: "true", LEVEL: "" });
    const port: number = values.PORT;
    const level: "info" | "warn" = values.LEVEL;
    const trust: boolean | undefined = values.TRUST;
    assert.deepEqual([port, level, trust, values.PASSWORD], [9000, "info", true, undefined]);
    assert.deepEqual(faults, []);
    assert.deepEqual([origins.PORT, origins.LEVEL, origins.PASSWORD], ["environment", "default", "unset"]);
  });

  test("are read from .env too, and the environment wins", () => {
    const path = file("a.env", "PORT=7000\nLEVEL=warn\n");
    const { values, origins } = readSettings(table, { PORT: "9000" }, readEnvFile(path).values);
    assert.deepEqual([values.PORT, values.LEVEL, origins.LEVEL], [9000, "warn", ".env"]);
    assert.deepEqual(readEnvFile(join(folder, "absent.env")).values, {});
  });

  test("read secrets from files, without the line break at the end", () => {
    const { values, origins } = readSettings(table, { PASSWORD_FILE: file("secret", "long enough\n") });
    assert.equal(values.PASSWORD, "long enough");
    assert.equal(origins.PASSWORD, "file");
  });

  test("report every fault at once and no secret", () => {
    const environment = { PORT: "70000", LEVEL: "loud", TRUST: "yes", PASSWORD: "hunter2", DATABASE_URL: "hunter2" };
    const { faults } = readSettings(table, environment);
    assert.equal(faults.length, 5);
    const { message } = new ConfigError(faults);
    assert.match(message, /^5 settings are wrong:/);
    assert.match(message, /PORT must be between 0 and 65535, not "70000"/);
    assert.match(message, /LEVEL must be one of info, warn, not "loud"/);
    assert.match(message, /PASSWORD must be at least 8 bytes long/);
    assert.doesNotMatch(message, /hunter2/);
    for (const port of ["1.5", "0x10", "1e3", " 1"])
      assert.equal(readSettings(table, { PORT: port }).faults.length, 1, port);
  });

  test("have no blank at their ends and no control character, except passwords", () => {
    const named = defineSettings({ ...table, GROUP: { type: "text", default: "group", says: "A name." } });
    for (const text of [" ", "group ", "\tgroup", "gro\nup"]) {
      const { faults } = readSettings(named, { GROUP: text });
      assert.match(faults.join(), /^GROUP begins or ends with a blank, or holds a control character: leave it out$/);
    }
    assert.equal(readSettings(named, { DATABASE_URL: " postgres://db/shop" }).faults.length, 1);
    assert.equal(readSettings(named, { PASSWORD: " long enough " }).values.PASSWORD, " long enough ");
  });

  test("name the secret file that cannot be used", () => {
    const faultOf = (environment: Record<string, string>) => readSettings(table, environment).faults.join();
    assert.match(faultOf({ PASSWORD_FILE: join(folder, "absent") }), /PASSWORD_FILE names .*absent.*ENOENT/);
    assert.match(faultOf({ PASSWORD_FILE: file("empty", "\n") }), /which is empty/);
    assert.match(faultOf({ PASSWORD: "long enough", PASSWORD_FILE: "x" }), /both set/);
  });

  test("are printed with their source and with secrets masked", () => {
    const environment = {
      PASSWORD: "hunter2hunter2",
      DATABASE_URL: "postgres://shop:hunter2@db:5432/shop?password=hunter2",
    };
    const { values, origins } = readSettings(table, environment);
    const text = printSettings(table, values, origins);
    assert.doesNotMatch(text, /hunter2/);
    assert.match(text, /DATABASE_URL=postgres:\/\/shop:\*\*\*@db:5432\/shop\?\*\*\*/);
    assert.match(text, /PORT=8080 +# default/);
  });

  test("are all in the page and in the example", () => {
    for (const name of Object.keys(table)) {
      assert.match(renderConfigPage(table), new RegExp(`\\| \`${name}\` \\|`));
      assert.match(renderEnvExample(table), new RegExp(`^# ${name}=`, "m"));
    }
  });
});
