/**
 * The system as separate processes on the real servers: started, stopped, killed and frozen one by one. A stage is
 * opened once for each test file; its tests use products of their own.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createIdentity, type Role } from "#identity";
import { type ServerName, type Servers, startServers } from "../servers/servers.ts";
import { createClient, crowd, staff } from "./client.ts";
import { type Command, runCommand, upWithinMs } from "./command.ts";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";
import { lastLines } from "./last-lines.ts";
import { createShop, type Shop } from "./shop.ts";
import { until } from "./until.ts";

export type Member = {
  readonly name: string;
  readonly pid: number;
  readonly origin: string;
  /** All its output, over its restarts. */
  readonly output: string;
  signal(signal: NodeJS.Signals): void;
  /** Ends it in order and returns its exit code. */
  stop(): Promise<number | NodeJS.Signals>;
  kill(): Promise<void>;
  /** Starts it again after it ended, on the same port; `program` replaces the one that it ran so far. */
  start(settings?: Readonly<Record<string, string>>, program?: Program): Promise<void>;
};

/** The interpreter and the command line's file, of this source or of another release. */
export type Program = readonly [string, ...string[]];

export type Fleet = Shop & {
  servers: Servers;
  folder: string;
  /** The address of the gateway, or of the one process that runs all services. */
  readonly origin: string;
  member(name: string): Member;
  /** Starts one more process beside the others. */
  join(name: string, services: string, settings?: Readonly<Record<string, string>>): Promise<void>;
  /** Runs the command line with the fleet's settings; returns exit code and output. */
  run(...args: string[]): Promise<{ code: number | NodeJS.Signals; output: string }>;
  token(user: string, role: Role): string;
  /** The settings of every process. */
  environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
};

export type FleetOptions = {
  /** Processes by name: the services of each. Absent: one that runs all. */
  members?: Readonly<Record<string, string>>;
  /** Settings of every process, beside the addresses of the servers. */
  settings?: Readonly<Record<string, string>>;
  /** Settings of one process. */
  settingsOf?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  which?: readonly ServerName[];
  /** The program of a process; absent: this source. */
  programOf?(name: string): Program | undefined;
  /** Changes the servers' addresses, for a proxy in between. */
  reroute?(servers: Servers): Promise<Record<string, string>>;
};

const jwtSecret = "a secret for tests that has more than 32 bytes";
const tokenTtlMs = 3_600_000;

/** Every service in a process of its own; services that share work have two. */
export const everyServiceApart = {
  product: "product",
  settlement1: "settlement",
  settlement2: "settlement",
  inventory: "inventory",
  drop: "drop",
  order1: "order",
  order2: "order",
  payment: "payment",
  fulfilment: "fulfilment",
};

export async function openFleet(options: FleetOptions = {}): Promise<Fleet> {
  const { members: wanted, settings = {}, settingsOf = {} } = options;
  const folder = await mkdtemp(join(tmpdir(), "dropgate-fleet-"));
  const servers = (await startServers({
    folder,
    ...(options.which && { which: options.which }),
  })) as Servers;
  const members = new Map<string, Member>();
  const environment = {
    ...servers.env,
    ...(await options.reroute?.(servers)),
    JWT_SECRET: jwtSecret,
    LOG_LEVEL: "info",
    ...settings,
  };

  async function close(): Promise<void> {
    for (const member of members.values()) member.signal("SIGCONT");
    await Promise.all([...members.values()].map((member) => member.stop()));
    await servers.stopAll();
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  async function add(name: string, services: string | undefined, more: Readonly<Record<string, string>> = {}) {
    const program = options.programOf?.(name);
    const member = await createMember({ folder, name, services, environment: { ...environment, ...more }, program });
    members.set(name, member);
    await member.start(settingsOf[name]);
  }

  let front = "all";
  try {
    if (!wanted) await add(front, undefined);
    else {
      front = "gateway";
      // The first process migrates the schemas; then all others start at once.
      const [first, ...rest] = Object.entries(wanted) as [[string, string], ...[string, string][]];
      await add(...first);
      await Promise.all(rest.map((one) => add(...one)));
      await add("gateway", "gateway", addressesOf(wanted, members));
    }
  } catch (error) {
    await close().catch(() => {});
    throw error;
  }

  const identity = createIdentity({ secret: jwtSecret, issuer: "dropgate", trustUserHeader: false });
  const token = (user: string, role: Role) => identity.issue({ user, role, ttlMs: tokenTtlMs });
  const origin = () => (members.get(front) as Member).origin;
  const as = (user: string, role: Role = "CUSTOMER") =>
    createClient(origin, { authorization: `Bearer ${token(user, role)}` }, role === "CUSTOMER" ? crowd : staff);
  const shop = createShop({ as, admin: as("admin", "ADMIN") });
  try {
    await untilTheGateIsKnown();
  } catch (error) {
    await close().catch(() => {});
    throw error;
  }

  /** Its life begins with the first product; every process that takes orders sees it within half a second. */
  async function untilTheGateIsKnown(): Promise<void> {
    const productId = await shop.newProduct({ stock: 0 });
    const taking = [...members.values()].filter(({ name }) => /all|order/.test(name));
    for (const { origin } of taking) {
      const headers = { authorization: `Bearer ${token("first", "CUSTOMER")}` };
      const first = createClient(() => origin, headers, staff);
      await eventually(async () => (await first.post("/orders", { productId, quantity: 1 })).body.code === "sold_out");
    }
  }

  return {
    ...shop,
    servers,
    folder,
    get origin() {
      return origin();
    },
    member: (name) => members.get(name) ?? assert.fail(`no process is named ${name}`),
    join: add,
    token,
    environment,
    async run(...args) {
      const command = runCommand(folder, args, { ...environment, PORT: new URL(origin()).port });
      return { code: await command.ended, output: command.output };
    },
    close,
  };
}

function addressesOf(wanted: Readonly<Record<string, string>>, members: ReadonlyMap<string, Member>) {
  const of = (service: string) =>
    Object.entries(wanted)
      .filter(([, services]) => services.split(",").includes(service))
      .map(([name]) => members.get(name)?.origin)
      .join(",");
  const services = ["product", "inventory", "drop", "order", "payment"];
  return Object.fromEntries(services.map((service) => [`${service.toUpperCase()}_URL`, of(service)]));
}

type MemberOptions = {
  folder: string;
  name: string;
  services: string | undefined;
  environment: Readonly<Record<string, string>>;
  program: Program | undefined;
};

async function createMember(options: MemberOptions): Promise<Member> {
  const { folder, name, services, environment } = options;
  let { program } = options;
  const port = String(await freePort());
  const args = ["start", ...(services === undefined ? [] : [`--services=${services}`])];
  let before = "";
  let command: Command | undefined;

  const running = () => command ?? assert.fail(`${name} was not started`);
  return {
    name,
    origin: `http://127.0.0.1:${port}`,
    get pid() {
      return running().pid;
    },
    get output() {
      return before + (command?.output ?? "");
    },
    signal: (signal) => command?.kill(signal),
    async stop() {
      command?.kill("SIGTERM");
      return command ? command.ended : 0;
    },
    async kill() {
      command?.kill("SIGKILL");
      await command?.ended;
    },
    async start(settings = {}, other = program) {
      before += command?.output ?? "";
      program = other;
      const started = runCommand(folder, args, { ...environment, ...settings, PORT: port }, program);
      command = started;
      let ended = false;
      started.ended.then(() => {
        ended = true;
      });
      await until(() => ended || / up: http\S+/.test(started.output), { withinMs: upWithinMs }).catch(() => {});
      if (!/ up: http\S+/.test(started.output)) throw new Error(`${name} does not serve:\n${started.output}`);
    },
  };
}

/**
 * For `afterEach`: if a test fails, the processes' output is the first thing to look at; otherwise it is not needed.
 */
export function tellOutput(fleet: Fleet | undefined, names: readonly string[]): (context: unknown) => void {
  return (context) => {
    if (!fleet || (context as { passed?: boolean }).passed) return;
    for (const name of names) console.log(`--- ${name} said:\n${lastLines(fleet.member(name).output, 60)}`);
  };
}
