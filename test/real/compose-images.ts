/**
 * Replaces what the images of the compose files would contain and do before their command with programs of this
 * machine. Differences: Redis and PostgreSQL are the machine's versions and listen only on the container's address;
 * Kafka's JVM uses only its quick compiler; memory and permissions are not limited.
 */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { binFolder, cacheFolder, findProgram, missing, run } from "../servers/cache.ts";
import { temporalImageFolder } from "../servers/compose.ts";
import { root as project } from "./compose-config.ts";
import type { Container } from "./compose-places.ts";

export type Image = {
  command: [string, ...string[]];
  /** The folder of its log, and its working directory unless it has an `/app`. */
  folder: string;
  env?: Record<string, string>;
  user?: { uid: number; gid: number };
  stopSignal?: NodeJS.Signals;
  prepare?(): Promise<void>;
  /** It does its work and ends. */
  ends?: true;
};

const images: Record<string, (container: Container, tag: string) => Image> = {
  redis: redisImage,
  "apache/kafka": kafkaImage,
  postgres: postgresImage,
  "temporalio/server": temporalServerImage,
  "temporalio/admin-tools": adminToolsImage,
  dropgate: dropgateImage,
};

export function imageOf(container: Container): Image {
  const [name = "", tag = "latest"] = container.says.image.split(":");
  const image = images[name];
  if (!image) throw new Error(`${container.says.image}: nothing stands in for this image`);
  return image(container, tag);
}

function redisImage(container: Container): Image {
  const { root, address, says, placed } = container;
  const [program, ...settings] = says.command ?? [];
  if (program !== "redis-server") throw new Error(`the command of redis is ${program}`);
  const server = findProgram("redis-server") ?? missing("redis");
  // Its default is the container's own loopback.
  shim(container, "redis-cli", `exec ${findProgram("redis-cli") ?? missing("redis")} -h ${address} "$@"`);
  const data = join(root, "data");
  mkdirSync(data, { recursive: true });
  return { folder: data, command: [server, ...settings.map(placed), "--bind", address, "--dir", data] };
}

function kafkaImage(container: Container, tag: string): Image {
  const { root } = container;
  const libs = join(cacheFolder, `kafka-${tag}`, "libs");
  if (!existsSync(libs)) missing("kafka");
  container.env.PATH += `:${dirname(findProgram("java") ?? missing("kafka"))}`;
  const tools = join(root, "opt/kafka/bin");
  mkdirSync(tools, { recursive: true });
  for (const tool of ["kafka-topics", "kafka-consumer-groups"]) {
    symlinkSync(join(binFolder, tool), join(tools, `${tool}.sh`));
  }
  const config = join(root, "opt/kafka/config");
  const [defaults, mounted] = [join(root, "etc/kafka/docker"), join(root, "mnt/shared/config")];
  // Does what the image's entrypoint does, with the same class: settings from the environment, and the format.
  async function prepare(): Promise<void> {
    for (const folder of [defaults, mounted, config]) mkdirSync(folder, { recursive: true });
    for (const name of ["server.properties", "log4j2.yaml", "tools-log4j2.yaml"]) {
      writeFileSync(join(defaults, name), "");
    }
    const sources = ["--default-configs-dir", defaults, "--mounted-configs-dir", mounted];
    const setup = ["kafka.docker.KafkaDockerWrapper", "setup", ...sources, "--final-configs-dir", config];
    const variables = Object.entries(container.env).map(([name, value]) => `${name}=${value}`);
    await run("env", ["-i", ...variables, "java", "-cp", join(libs, "*"), ...setup], { timeoutMs: 180_000 });
  }
  const machine = ["-Xms256m", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-Dlog4j2.level=INFO"];
  const server = ["-cp", join(libs, "*"), "kafka.Kafka", join(config, "server.properties")];
  return { folder: root, prepare, command: ["java", ...machine, ...server] };
}

function postgresImage(container: Container): Image {
  const { root, env, address, says, placed } = container;
  const programs = postgresPrograms();
  container.env.PATH = `${programs}:${env.PATH}`;
  const user = process.getuid?.() === 0 ? accountOf("postgres") : undefined;
  const { POSTGRES_USER = "postgres", POSTGRES_PASSWORD = "", POSTGRES_DB = POSTGRES_USER, PGDATA = "" } = env;
  const volume = says.volumes?.find(({ type }) => type === "volume")?.target ?? "/nowhere";
  if (!PGDATA.startsWith(join(root, volume))) throw new Error(`PGDATA ${PGDATA} is not on the volume ${volume}`);
  const here = ["-c", `listen_addresses=${address}`, "-c", "unix_socket_directories="];

  async function prepare(): Promise<void> {
    const passwordFile = join(root, "password");
    writeFileSync(passwordFile, POSTGRES_PASSWORD);
    if (user) {
      for (const path of [root, dirname(PGDATA), passwordFile]) chownSync(path, user.uid, user.gid);
    }
    const login = [`--username=${POSTGRES_USER}`, `--pwfile=${passwordFile}`, "--auth=scram-sha-256"];
    const shape = env.POSTGRES_INITDB_ARGS?.split(" ") ?? [];
    const asOwner = { timeoutMs: 180_000, cwd: root, ...user };
    await run(join(programs, "initdb"), [...login, ...shape, "-D", PGDATA], asOwner);
    const single = ["--single", "-D", PGDATA, "postgres"];
    const script = `echo 'create database "${POSTGRES_DB}"' | ${join(programs, "postgres")} ${single.join(" ")}`;
    await run("sh", ["-c", script], asOwner);
  }
  const [program = "postgres", ...settings] = says.command ?? [];
  const command: Image["command"] = [join(programs, program), ...settings.map(placed), "-D", PGDATA, ...here];
  return { folder: root, prepare, command, stopSignal: "SIGINT", ...(user && { user }) };
}

/** The image's entrypoint only fills in a missing address. */
function temporalServerImage(container: Container, tag: string): Image {
  const { address, root } = container;
  const ask = `const s = require("net").connect(...process.argv.slice(1).toReversed()); s.on("connect", () => process.exit(0)); s.on("error", () => process.exit(1))`;
  shim(container, "nc", `shift; exec node -e '${ask}' "$@"`);
  const program = join(temporalImageFolder(tag), "temporal-server");
  return { folder: root, env: { TEMPORAL_BROADCAST_ADDRESS: address }, command: [program, "start"] };
}

function adminToolsImage(container: Container, tag: string): Image {
  const { root, says, placed } = container;
  const folder = temporalImageFolder(tag);
  mkdirSync(join(root, "etc/temporal"), { recursive: true });
  if (!existsSync(join(root, "etc/temporal/schema")))
    symlinkSync(join(folder, "schema"), join(root, "etc/temporal/schema"));
  shim(container, "temporal", `exec ${findProgram("temporal") ?? missing("temporal")} "$@"`);
  shim(container, "temporal-sql-tool", `exec ${join(folder, "temporal-sql-tool")} "$@"`);
  const [program = "sh", ...words] = [...(says.entrypoint ?? []), ...(says.command ?? [])].map(placed);
  return { folder: root, command: [program, ...words], ends: true };
}

/** The image of our own Dockerfile: its folders, its environment, its entrypoint. */
function dropgateImage(container: Container): Image {
  const { root, says, placed } = container;
  const dockerfile = readFileSync(join(project, "Dockerfile"), "utf8");
  const line = (word: string) => new RegExp(`^${word} (.*)$`, "m").exec(dockerfile)?.[1] ?? "";
  const app = join(root, line("WORKDIR"));
  mkdirSync(app, { recursive: true });
  for (const name of ["src", "deploy", "node_modules", "package.json"]) {
    if (!existsSync(join(app, name))) symlinkSync(join(project, name), join(app, name));
  }
  const cli = join(root, "usr/local/bin/dropgate");
  if (!existsSync(cli)) symlinkSync(join(project, "src/cli/cli.ts"), cli);
  const [name, value = ""] = line("ENV").split("=");
  if (name) container.env[name] ??= placed(value);
  const [program, ...words] = [...JSON.parse(line("ENTRYPOINT")), ...(says.command ?? JSON.parse(line("CMD")))];
  return { folder: app, command: [program, ...words] };
}

function shim({ root }: Container, name: string, script: string): void {
  const path = join(root, "usr/local/bin", name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

function postgresPrograms(): string {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => join(debian, version, "bin")), ...(process.env.PATH ?? "").split(":")];
  return folders.find((folder) => existsSync(join(folder, "initdb"))) ?? missing("postgres");
}

function accountOf(name: string): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync("id", [flag, name], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}
