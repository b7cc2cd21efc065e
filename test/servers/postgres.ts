/** Runs PostgreSQL from Debian's package, with fsync on: acknowledged writes survive every kill. */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import pg from "pg";
import { aptInstall, findProgram, missing, type Provision, run } from "./cache.ts";
import type { Certificates } from "./certificates.ts";
import type { ServersFolder } from "./folder.ts";
import type { ServerPlan } from "./process.ts";

const oldest = 15;

export async function provisionPostgres(): Promise<Provision> {
  const found = await usablePostgres();
  if (found) return { built: false, ...found };
  await withoutDefaultCluster(() => aptInstall("postgresql"));
  const built = await usablePostgres();
  if (!built) throw new Error(`installed the package postgresql, which is older than ${oldest}`);
  return { built: true, ...built };
}

/**
 * Debian's package makes and starts a cluster on port 5432 by default; a setting prevents that and is removed
 * afterwards.
 */
async function withoutDefaultCluster(install: () => Promise<void>): Promise<void> {
  const settings = "/etc/postgresql-common/createcluster.d";
  if (process.getuid?.() !== 0) return install();
  mkdirSync(settings, { recursive: true });
  const file = join(settings, "dropgate.conf");
  writeFileSync(file, "create_main_cluster = false\n");
  await install().finally(() => rmSync(file));
}

/** The newest of the versions on PATH and in Debian's folders, which are not on PATH. */
export async function usablePostgres() {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : [];
  const onPath = findProgram("postgres");
  const candidates = [
    ...versions.map((version) => join(debian, version, "bin", "postgres")),
    ...(onPath ? [onPath] : []),
  ];
  for (const path of candidates.filter((candidate) => existsSync(candidate))) {
    const version = /([\d.]+)/.exec(await run(path, ["--version"], { timeoutMs: 10_000 }))?.[1] ?? "unknown";
    if (Number.parseInt(version, 10) >= oldest && existsSync(join(dirname(path), "initdb"))) return { path, version };
  }
  return undefined;
}

export async function postgresServer(within: ServersFolder, wantedPort?: number, tls?: Certificates) {
  const folder = join(within.path, "postgres");
  const data = join(folder, "data");
  const port = await within.port("postgres", wantedPort);
  const password = within.password("postgres");
  const program = (await usablePostgres())?.path ?? missing("postgres");
  const user = await unprivilegedUser();
  const security = tls ? `?sslmode=verify-full&sslrootcert=${encodeURIComponent(tls.ca)}` : "";
  const host = tls ? "localhost" : "127.0.0.1";
  const url = (database: string) => `postgres://dropgate:${password}@${host}:${port}/${database}${security}`;

  async function prepare(): Promise<void> {
    if (user) {
      openWay(within.path);
      chownSync(folder, user.uid, user.gid);
    }
    if (tls) writeOwn({ "server.crt": readFileSync(tls.certificate), "server.key": readFileSync(tls.key), ...access });
    if (existsSync(data)) return;
    // Renamed when complete, so that an interrupted initdb is done again.
    const half = `${data}.new`;
    const passwordFile = join(folder, "password");
    rmSync(half, { recursive: true, force: true });
    writeOwn({ password });
    const login = ["--username=dropgate", `--pwfile=${passwordFile}`, "--auth=scram-sha-256"];
    const shape = ["--encoding=UTF8", "--locale=C", "--data-checksums"];
    const initdb = join(dirname(program), "initdb");
    await run(initdb, [...login, ...shape, "-D", half], { timeoutMs: 180_000, cwd: folder, ...user });
    rmSync(passwordFile);
    renameSync(half, data);
  }

  /** PostgreSQL accepts these files only if no other user can read them. */
  function writeOwn(files: Record<string, string | Buffer>): void {
    for (const [name, content] of Object.entries(files)) {
      const path = join(folder, name);
      writeFileSync(path, content, { mode: 0o600 });
      if (user) chownSync(path, user.uid, user.gid);
    }
  }

  const settings = {
    listen_addresses: "127.0.0.1",
    port,
    // TCP only: the path of a socket below a deep folder would be longer than allowed.
    unix_socket_directories: "",
    fsync: "on",
    max_connections: 200,
    timezone: "UTC",
    ...(tls && {
      ssl: "on",
      ssl_cert_file: join(folder, "server.crt"),
      ssl_key_file: join(folder, "server.key"),
      hba_file: join(folder, "pg_hba.conf"),
    }),
  };
  const plan: ServerPlan = {
    name: "postgres",
    folder,
    command: [program, "-D", data, ...Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`])],
    ...(user && { user }),
    stopSignal: "SIGINT", // SIGTERM would wait until every client has disconnected.
    readyWithinMs: 180_000,
    prepare,
    ask: () => selectOne(url),
    // After kill -9 the backends need some milliseconds to notice it.
    passingFault: /pre-existing shared memory block|lock file "postmaster.pid" already exists/,
  };
  const address = { url: url("dropgate") };
  return { plan, address, env: { DATABASE_URL: address.url } };
}

/** With TLS, connections without it are refused. */
const access = { "pg_hba.conf": "hostssl all,replication all 127.0.0.1/32 scram-sha-256\n" };

/** Connects to the project's own database, and makes it the first time. */
async function selectOne(url: (database: string) => string): Promise<void> {
  try {
    await queryOnce(url("dropgate"), "select 1");
  } catch (error) {
    const unknownDatabase = "3D000";
    if ((error as { code?: string }).code !== unknownDatabase) throw error;
    await queryOnce(url("postgres"), "create database dropgate");
  }
}

async function queryOnce(connectionString: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2_000, query_timeout: 10_000 });
  client.on("error", () => {}); // The query reports it too; without a listener the event would end the runner.
  try {
    await client.connect();
    await client.query(text);
  } finally {
    await client.end().catch(() => {});
  }
}

/** PostgreSQL refuses to run as root. */
export async function unprivilegedUser(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const line of [/^postgres:/, withoutRights].map(passwdLine)) {
    const [, , uid, gid] = line?.split(":") ?? [];
    if (uid && gid) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error("PostgreSQL does not run as root, and this machine has no user postgres or 65534 to run it as");
}

/** The user who owns nothing, by number: its name differs between systems. */
const withoutRights = /^[^:]*:[^:]*:65534:/;

function passwdLine(pattern: RegExp): string | undefined {
  return readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((line) => pattern.test(line));
}

/**
 * Lets other users pass through our own folder, such as one made by mkdtemp. The folders above it, such as a home, stay
 * unchanged, and PostgreSQL's own message about them would only name its data.
 */
export function openWay(folder: string): void {
  chmodSync(folder, 0o711);
  for (let path = folder; path !== dirname(path); path = dirname(path)) {
    if (statSync(path).mode & 0o001) continue;
    throw new Error(
      `PostgreSQL does not run as root, and no other user may enter ${path}: allow it (chmod o+x) or choose a folder elsewhere`,
    );
  }
}
