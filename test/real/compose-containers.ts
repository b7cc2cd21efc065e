/**
 * Runs the services of a resolved compose file as processes, on a machine that has no container engine: with the
 * command, environment, mounts, order of start and health check that the file says. What stands in for a container:
 *
 * - Each has an address of its own below 127, so that every one keeps its ports. Names of services, the container's own
 *   loopback and "every address" are replaced by such addresses in arguments and values.
 * - Each has a folder for a root. The image's paths below `/app`, `/opt`, `/var/lib`, `/temporal` and `/etc/temporal`
 *   lie in it.
 * - What an image brings is this machine's: see compose-images.ts.
 */
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "../../scripts/servers/cache.ts";
import { createServerProcess, type ServerProcess } from "../../scripts/servers/process.ts";
import type { Project, Service } from "./compose-config.ts";
import { imageOf } from "./compose-images.ts";

export type Container = {
  name: string;
  service: string;
  says: Service;
  address: string;
  root: string;
  /** The environment of whatever runs in it, also of `docker exec`. */
  env: Record<string, string>;
  /** As it is to be read in here. */
  placed(text: string): string;
};

export type Containers = {
  /** Starts what the file names and is not running yet. */
  up(project: Project): Promise<void>;
  /** Ends these in the order of the list. */
  down(names: readonly string[]): Promise<void>;
  names(): string[];
  /** `docker exec NAME COMMAND…`: answers standard output. */
  exec(name: string, ...command: string[]): Promise<string>;
  addressOf(host: string): string;
  logOf(name: string): string;
};

export function createContainers(folder: string): Containers {
  // PostgreSQL does not run as root, and its data lies below.
  chmodSync(folder, 0o711);
  const running = new Map<string, { container: Container; process: ServerProcess }>();
  const net = `127.${1 + Math.floor(Math.random() * 250)}.${Math.floor(Math.random() * 250)}`;
  const logs = new Map<string, string>();
  const addresses = new Map<string, string>();
  const hosts = new Map<string, string>();

  function addressFor(name: string): string {
    const address = addresses.get(name) ?? `${net}.${addresses.size + 1}`;
    addresses.set(name, address);
    return address;
  }

  function containersOf(project: Project): Container[] {
    return Object.entries(project.services).flatMap(([service, says]) =>
      Array.from({ length: says.scale ?? 1 }, (_, index) => {
        const name = says.container_name ?? (says.scale ? `${service}-${index + 1}` : service);
        const address = addressFor(name);
        for (const host of [service, name, ...(says.networks.default?.aliases ?? [])]) hosts.set(host, address);
        return { name, service, says, address, root: join(folder, name) } as Container;
      }),
    );
  }

  function furnish(container: Container): void {
    const { says, root, address } = container;
    const placed = (text: string) => placeIn(text, address, root, hosts);
    mkdirSync(join(root, "usr/local/bin"), { recursive: true });
    const own = Object.entries(says.environment ?? {}).map(([key, value]) => {
      const isHost = /_(HOST|SEEDS)$/.test(key);
      return [key, (isHost && hosts.get(value)) || placed(value)] as const;
    });
    // Nothing of the caller's: what the image or a mount has to bring must not be found elsewhere.
    const path = [join(root, "usr/local/bin"), dirname(process.execPath), "/usr/local/bin:/usr/bin:/bin"].join(":");
    container.placed = placed;
    container.env = { HOME: root, ...Object.fromEntries(own), PATH: path };
    for (const { type, source, target } of says.volumes ?? []) {
      if (type === "volume") mkdirSync(join(root, target), { recursive: true });
      else mount(source, join(root, target), placed);
    }
  }

  async function launch(container: Container, started: (service: string) => Promise<unknown>): Promise<void> {
    const { says, name } = container;
    await Promise.all(Object.keys(says.depends_on ?? {}).map(started));
    const image = await imageOf(container);
    if (!image) return;
    if (image.ends) {
      await inside(container, image.command, 180_000);
      return;
    }
    const process = createServerProcess({
      name,
      folder: image.folder,
      command: ["env", "-i", ...assignments({ ...container.env, ...image.env }), ...image.command],
      ...(image.user && { user: image.user }),
      stopSignal: image.stopSignal ?? "SIGTERM",
      readyWithinMs: 180_000,
      prepare: image.prepare ?? (() => {}),
      ask: () => askHealth(container, image.healthTest),
    });
    running.set(name, { container, process });
    logs.set(name, join(image.folder, "server.log"));
    await process.start();
  }

  return {
    async up(project) {
      const containers = containersOf(project).filter(({ name }) => !running.has(name));
      for (const container of containers) furnish(container);
      const starts = new Map<string, Promise<unknown>>();
      function started(service: string): Promise<unknown> {
        const mine = containers.filter((container) => container.service === service);
        const start = starts.get(service) ?? Promise.all(mine.map((container) => launch(container, started)));
        starts.set(service, start);
        return start;
      }
      const all = await Promise.allSettled(Object.keys(project.services).map(started));
      for (const start of all) if (start.status === "rejected") throw start.reason;
    },
    async down(names) {
      for (const name of names) {
        await running.get(name)?.process.stop();
        running.delete(name);
      }
    },
    names: () => [...running.keys()],
    exec(name, ...command) {
      const found = running.get(name);
      if (!found) throw new Error(`no container is named ${name}`);
      return inside(found.container, command.map(found.container.placed), 60_000);
    },
    addressOf(host) {
      const address = hosts.get(host);
      if (!address) throw new Error(`no container answers to ${host}`);
      return address;
    },
    logOf(name) {
      const log = logs.get(name);
      return log ? readFileSync(log, "utf8") : "";
    },
  };
}

function placeIn(text: string, own: string, root: string, hosts: ReadonlyMap<string, string>): string {
  const names = [...hosts.keys()].sort((a, b) => b.length - a.length).join("|");
  return text
    .replaceAll("0.0.0.0", own)
    .replace(/(?<![\w.-])localhost(?![\w.-])/g, own)
    .replace(/:\/\/:(?=\d)/g, `://${own}:`)
    .replace(new RegExp(`(?<![\\w.-])(?:${names})(?=:\\d+(?:[/,]|$))`, "g"), (name) => hosts.get(name) ?? name)
    .replace(/(?<![\w.-])\/(?=(?:app|opt|var\/lib|temporal|etc\/temporal)\/)/g, `${root}/`);
}

/** Copies instead of mounting, so that scripts can be placed; who may execute them is kept. */
function mount(source: string, target: string, placed: (text: string) => string): void {
  if (!existsSync(source)) throw new Error(`${source} is mounted, and is not there`);
  mkdirSync(dirname(target), { recursive: true });
  cpSync(source, target, { recursive: true });
  const files = statSync(target).isDirectory() ? readdirSync(target).map((name) => join(target, name)) : [target];
  for (const file of files) writeFileSync(file, placed(readFileSync(file, "utf8")));
}

async function askHealth(container: Container, fallback?: readonly string[]): Promise<void> {
  const [kind, ...words] = container.says.healthcheck?.test ?? fallback ?? [];
  if (kind === "CMD") await inside(container, words.map(container.placed), 30_000);
  else if (kind === "CMD-SHELL") await inside(container, ["sh", "-c", words.map(container.placed).join(" ")], 30_000);
  else throw new Error(`${container.name} has no health check`);
}

function inside({ env, root }: Container, command: readonly string[], timeoutMs: number): Promise<string> {
  const cwd = existsSync(join(root, "app")) ? join(root, "app") : root;
  return run("env", ["-i", ...assignments(env), ...command], { timeoutMs, cwd });
}

const assignments = (env: Record<string, string>) => Object.entries(env).map(([key, value]) => `${key}=${value}`);
