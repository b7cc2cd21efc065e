/** `dropgate doctor` on a shop that is well, and on one that was damaged in its database. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { runCommand } from "../support/command.ts";
import { openTestDatabase, type TestDatabase } from "../support/database.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { until } from "../support/until.ts";

describe("dropgate doctor", () => {
  const folder = mkdtempSync(join(tmpdir(), "dropgate-doctor-"));
  let database: TestDatabase;
  let shop: ReturnType<typeof runCommand>;
  let settings: Record<string, string>;
  before(async () => {
    database = await openTestDatabase();
    settings = { DATABASE_URL: database.url, JWT_SECRET: "s".repeat(32), PORT: "0", LOG_LEVEL: "error" };
    settings.MANAGEMENT_PORT = String(await freePort());
    shop = runCommand(folder, ["start"], settings);
    settings = { ...settings, PORT: new URL(await shop.untilUp()).port };
  });
  after(async () => {
    shop?.kill("SIGKILL");
    await shop?.ended;
    await database?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function examine(
    change: Record<string, string> = {},
  ): Promise<{ code: unknown; faults: string[]; says: string }> {
    // A part that does not answer its check within a second counts as down, also on a busy machine.
    const { code, doctor } = await eventually(async () => {
      const doctor = runCommand(folder, ["doctor"], { ...settings, ...change });
      const code = await doctor.ended;
      return !/no answer within \d+ ms/.test(doctor.output) && { code, doctor };
    });
    const lines = doctor.output.split("\n");
    // The server of the tests saves its disk on purpose.
    const faults = lines.filter(
      (line) => line.startsWith("fault") && !/its (fsync|full_page_writes|synchronous_commit) is off/.test(line),
    );
    return { code, faults, says: doctor.output };
  }

  test("finds nothing at fault in a shop that is well", async () => {
    const { faults, says } = await examine();
    assert.deepEqual(faults, [], says);
    assert.match(says, /^ok +running system: answers, and its \d+ parts are up$/m);
    assert.match(says, /^ok +gate and books: agree/m);
    assert.match(says, /^ok +audit: its \d+ rows follow from each other$/m);
    assert.match(says, /^ok +PostgreSQL: all \d+ schemas are at the version of this program$/m);
  });

  test("of a shop with a port for operators: the commands ask there, and name the setting if it is missing", async () => {
    const rehearsal = runCommand(folder, ["rehearse", "--buyers=2", "--seconds=0", "--faults=none"], settings);
    assert.equal(await rehearsal.ended, 0, rehearsal.output);
    assert.match(rehearsal.output, /^✓ Clean: every law holds\.$/m);
    const { MANAGEMENT_PORT, ...atPublicPort } = settings;
    for (const args of [["doctor"], ["reconcile"], ["rehearse", "--buyers=2"]]) {
      const command = runCommand(folder, args, atPublicPort);
      await command.ended;
      assert.match(
        command.output,
        /was answered 404 not_found: .*[^.]; set MANAGEMENT_PORT as the running system has it/,
      );
    }
  });

  test("a setting that every request needs is named once, however many requests it fails", async () => {
    const { says } = await examine({ JWT_SECRET: "w".repeat(32) });
    assert.equal(says.split("set DATA_DIR and JWT_SECRET").length, 2, says);
    assert.match(
      says,
      /^fault +running system: GET \/admin\/reconcile, .*: each was answered 401 unauthenticated: .*; set/m,
    );
  });

  test("a rehearsal that gets SIGTERM sends no more buyers, and puts away what it made", async () => {
    const rehearsal = runCommand(folder, ["rehearse", "--buyers=40", "--seconds=20", "--faults=none"], settings);
    await until(() => /\d accepted/.test(rehearsal.output), { withinMs: 60_000 });
    rehearsal.kill("SIGTERM");
    assert.equal(await rehearsal.ended, 0, rehearsal.output);
    assert.match(rehearsal.output, /^the drop is cancelled/m);
    assert.doesNotMatch(rehearsal.output, /^40 of 40/m);
    const run = /^(rehearsal-\w+): a drop/m.exec(rehearsal.output)?.[1];
    const rows = await database.sql.query(
      "select (total_in - committed)::int as free from inventory.stock where product_id like $1",
      [`${run}-%`],
    );
    assert.deepEqual(rows, [{ free: 0 }, { free: 0 }]);
  });

  test("names the fsync that is off, with what to do, and ends with 1", async () => {
    const { code, says } = await examine();
    assert.equal(code, 1, says);
    assert.match(says, /^fault +PostgreSQL: its fsync is off\n +mend: set it to on in postgresql\.conf/m);
  });

  test("names an index that is not valid, a schema of a later program, and a row of the audit that was changed", async () => {
    const { sql } = database;
    await sql.query("create table public.twice (n int)");
    await sql.query("insert into public.twice values (1), (1)");
    await assert.rejects(sql.query("create unique index concurrently twice_n on public.twice (n)"));
    await sql.query("insert into drops.schema_version (version, name, md5) values (999, 'later', '')");
    await sql.query(
      `insert into identity.audit (seq, at, actor, action, subject, phase, detail, prev, hash)
       select coalesce(max(seq), 0) + 1, now(), 'mallory', 'nothing', 'nothing', 'done', '{}', repeat('0', 64), repeat('1', 64)
         from identity.audit`,
    );
    const { faults, says } = await examine();
    assert.equal(faults.length, 3, says);
    assert.match(says, /^fault +audit: its chain of hashes breaks at row \d+\n +mend: compare the row with a backup/m);
    assert.match(
      says,
      /^fault +PostgreSQL, schema drops: is at version 999, and this program knows \d+\n +mend: start the version/m,
    );
    assert.match(
      says,
      /^fault +PostgreSQL: the index public\.twice_n is not valid.*\n +mend: reindex index concurrently/m,
    );
  });

  test("names a server of drand that gives no round, and one that it cannot reach", async (t) => {
    const liar = createServer((_request, response) => response.end(JSON.stringify({ signature: "8".repeat(96) })));
    await new Promise<void>((resolve) => liar.listen(0, "127.0.0.1", resolve));
    t.after(() => liar.close());
    const { port } = liar.address() as AddressInfo;
    const { says } = await examine({ BEACON_URLS: `http://127.0.0.1:${port},http://127.0.0.1:1` });
    const wrong = "its signature is not that of the chain's key over this round";
    assert.match(
      says,
      new RegExp(`^fault +drand at 127\\.0\\.0\\.1:${port}: .*${wrong}\n +mend: look at BEACON_URLS`, "m"),
    );
    assert.match(says, /^fault +drand at 127\.0\.0\.1:1: round \d+ of drand could not be read/m);
  });

  test("names a mail server that does not answer, with its setting", async () => {
    const { faults, says } = await examine({ SMTP_URL: "smtp://127.0.0.1:1", MAIL_FROM: "shop@shop.example" });
    const wrong = "cannot use the mail server at 127.0.0.1:1: check SMTP_URL, and that it runs: connect ECONNREFUSED";
    assert.ok(
      faults.some((line) => line.includes(wrong)),
      says,
    );
  });

  test("names a setting that is not the shop's, and an engine that does not answer, and looks at the others", async () => {
    const { faults, says } = await examine({ REDIS_HOST: "127.0.0.1", REDIS_PORT: "1" });
    assert.match(faults.join("\n"), /setting REDIS_HOST: it says gate Redis, and the shop's books say memory/, says);
    assert.match(
      faults.join("\n"),
      /Redis: cannot reach Redis at 127\.0\.0\.1:1.*check REDIS_HOST and REDIS_PORT/,
      says,
    );
    assert.match(says, /^ok +PostgreSQL: version/m);
  });
});
