/** A shell and a `.env` with leftovers that tests do not have. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Command, runCommand } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";

const cli = fileURLToPath(new URL("../../src/cli/cli.ts", import.meta.url));
const healthy = fileURLToPath(new URL("../../deploy/healthy.mjs", import.meta.url));
const isRoot = process.getuid?.() === 0;
const hasIpv6 = networkInterfaces().lo?.some(({ address }) => address === "::1") ?? false;

const hostile = {
  PGHOST: "203.0.113.1",
  PGHOSTADDR: "203.0.113.1",
  PGPORT: "1",
  PGUSER: "unknown",
  PGPASSWORD: "x",
  PGDATABASE: "x",
  PGSSLMODE: "require",
  PGOPTIONS: "-c default_transaction_read_only=on -c statement_timeout=1",
  PGAPPNAME: "x",
  PGSERVICE: "x",
  PGDATA: "/nonexistent",
  PGREPLICATION: "true",
  PGSSLNEGOTIATION: "direct",
  PGTZ: "Mars",
  DBOS_SYSTEM_DATABASE_URL: "postgres://unknown@203.0.113.1/x",
  DBOS__CLOUD: "true",
};

describe("the environment of a process", () => {
  const folder = mkdtempSync(join(tmpdir(), "dropgate-environment-"));
  const commands: Command[] = [];
  function run(args: string[], settings: Record<string, string>, program?: [string, ...string[]]): Command {
    const command = runCommand(folder, args, { PORT: "0", LOG_LEVEL: "error", ...settings }, program);
    commands.push(command);
    return command;
  }
  after(async () => {
    for (const command of commands) command.kill("SIGKILL");
    await Promise.all(commands.map((command) => command.ended));
    rmSync(folder, { recursive: true, force: true });
  });

  test("O14: PG and DBOS variables of a shell change no connection, and are named once", async () => {
    const command = run(["start"], hostile);
    const origin = await command.untilUp();
    const response = await fetch(`${origin}/orders`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-user-id": "ada" },
      body: JSON.stringify({ productId: "test-product-123", quantity: 1 }),
    });
    assert.equal(response.status, 202, await response.text());
    assert.match(command.output, /Warning: .*PGHOST, .*PGPORT, .*: set in this shell and without effect/);
    command.kill("SIGTERM");
    assert.equal(await command.ended, 0, command.output);
  });

  test("O14: --check-config warns of likely mistakes, and refuses invalid settings", async () => {
    writeFileSync(join(folder, ".env"), "\ufeffREDIS_HOTS=redis\nJWT_ISSUER=a#b\nJWT_ISSUER=a#c\n");
    const fine = run(["start", "--check-config"], { PGPORT: "1" });
    assert.equal(await fine.ended, 0, fine.output);
    for (const says of [
      /byte-order mark/,
      /is REDIS_HOST meant/,
      /has a # in the value/,
      /JWT_ISSUER stands/,
      /PGPORT: set/,
    ]) {
      assert.match(fine.output, says);
    }
    assert.match(fine.output, /The configuration is valid/);
    const absurd = run(["start", "--check-config"], { PAYMENT_WINDOW_MS: "9007199254740991" });
    assert.equal(await absurd.ended, 1);
    assert.match(absurd.output, /PAYMENT_WINDOW_MS must be between 1 and 604800000, not "9007199254740991"/);
  });

  test("a file for the output on a full disk neither keeps the system from serving and stopping nor lets a command end with 0", {
    skip: !existsSync("/dev/full"),
  }, async () => {
    const onFullDisk: [string, ...string[]] = ["sh", "-c", 'exec "$0" "$@" > /dev/full', process.execPath, cli];
    const settings = { PORT: String(await freePort()), LOG_LEVEL: "debug", DATA_DIR: join(folder, "full") };
    const system = run(["start"], settings, onFullDisk);
    const readiness = `http://127.0.0.1:${settings.PORT}/actuator/health/readiness`;
    await eventually(async () => (await fetch(readiness).catch(() => undefined))?.ok);
    const printed = run(["start", "--print-config"], settings, onFullDisk);
    assert.equal(await printed.ended, 1);
    assert.match(printed.output, /^The output cannot be written: ENOSPC\b/m);
    assert.doesNotMatch(printed.output, /^ +at /m);
    system.kill("SIGTERM");
    assert.equal(await system.ended, 0, system.output);
  });

  test("a start that may open too few files says so once, and how to raise the limit", async () => {
    const withFew: [string, ...string[]] = ["sh", "-c", 'ulimit -n 64; exec "$0" "$@"', process.execPath, cli];
    const started = run(["start"], { PORT: "0", DATA_DIR: join(folder, "few-files") }, withFew);
    assert.equal(await started.ended, 1, started.output);
    assert.match(started.output, /^It may not open as many files as it needs: raise that limit, .* ulimit -n \d+/m);
    assert.equal(started.output.match(/insufficient file descriptors/g)?.length, 1, started.output);
    assert.doesNotMatch(started.output, /^ +at /m);
  });

  test("a start on a full disk asks for room, and not for another owner of the folder", { skip: !isRoot }, async () => {
    const disk = join(folder, "small-disk");
    mkdirSync(disk);
    const onFull =
      'mount -t tmpfs -o size=64k tmpfs "$DATA_DIR" && mkdir "$DATA_DIR/postgres"; ' +
      'cat /dev/zero > "$DATA_DIR/filler" 2> /dev/null; exec "$0" "$@"';
    // The mount is in a namespace of its own, and ends with the process.
    const inNamespace: [string, ...string[]] = ["unshare", "--mount", "sh", "-c", onFull, process.execPath, cli];
    const started = run(["start"], { PORT: "0", DATA_DIR: disk }, inNamespace);
    assert.equal(await started.ended, 1, started.output);
    assert.match(started.output, /^There is no room left on a disk: free some, and start again\.$/m);
    assert.doesNotMatch(started.output, /another user|^ +at /m);
  });

  test("the image's check of health asks at an IPv6 address too", { skip: !hasIpv6 }, async () => {
    const server = createServer((_, response) => response.end("ok"));
    await once(server.listen(0, "::1"), "listening");
    try {
      const { port } = server.address() as AddressInfo;
      for (const HOST of ["::1", "::"]) {
        const asked = run(["/actuator/health/liveness"], { HOST, PORT: String(port) }, [process.execPath, healthy]);
        assert.equal(await asked.ended, 0, asked.output);
      }
    } finally {
      server.close();
    }
  });
});
