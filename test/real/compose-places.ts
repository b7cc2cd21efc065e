/**
 * The places of a compose file's containers on one machine: each has its own address below 127, so that all keep their
 * ports, and a folder as its root. A container's settings are translated: names of services, its own loopback and
 * "every address" become such addresses; paths of the image become paths below its root.
 */
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Project, Service } from "./compose-config.ts";

export type Container = {
  name: string;
  service: string;
  says: Service;
  address: string;
  root: string;
  /** The environment of everything that runs in it, including `docker exec`. */
  env: Record<string, string>;
  /** The text as this container must read it. */
  placed(text: string): string;
};

export type Places = {
  /** The containers of these services; a container with an earlier name gets its old place. */
  containersOf(project: Project): Container[];
  /** Makes the mounts, below the container's root. */
  mountInto(container: Container): void;
  addressOf(host: string): string;
};

export function createPlaces(folder: string): Places {
  // PostgreSQL does not run as root, and its data is below.
  chmodSync(folder, 0o711);
  const net = `127.${1 + Math.floor(Math.random() * 250)}.${Math.floor(Math.random() * 250)}`;
  const addresses = new Map<string, string>();
  const hosts = new Map<string, string>();

  function place(service: string, says: Service, name: string): Container {
    const root = join(folder, name);
    const address = addresses.get(name) ?? `${net}.${addresses.size + 1}`;
    addresses.set(name, address);
    for (const host of [service, name, ...(says.networks.default?.aliases ?? [])]) hosts.set(host, address);
    return { name, service, says, address, root, env: {}, placed: (text) => placeIn(text, address, root, hosts) };
  }

  function environmentOf({ says, root, placed }: Container): Record<string, string> {
    const own = Object.entries(says.environment ?? {}).map(([key, value]) => {
      const isHost = /_(HOST|SEEDS)$/.test(key);
      return [key, (isHost && hosts.get(value)) || placed(value)] as const;
    });
    // Nothing of the caller's environment, so that whatever the image or a mount must provide is not found elsewhere.
    const path = [join(root, "usr/local/bin"), dirname(process.execPath), "/usr/local/bin:/usr/bin:/bin"].join(":");
    return { HOME: root, ...Object.fromEntries(own), PATH: path };
  }

  return {
    containersOf(project) {
      const containers = Object.entries(project.services).flatMap(([service, says]) =>
        Array.from({ length: says.scale ?? 1 }, (_, index) =>
          place(service, says, says.container_name ?? (says.scale ? `${service}-${index + 1}` : service)),
        ),
      );
      // Only now is every name known.
      for (const container of containers) container.env = environmentOf(container);
      return containers;
    },
    mountInto({ says, root, placed }) {
      mkdirSync(join(root, "usr/local/bin"), { recursive: true });
      for (const { type, source, target } of says.volumes ?? []) {
        if (type === "volume") mkdirSync(join(root, target), { recursive: true });
        else mount(source, join(root, target), placed);
      }
    },
    addressOf(host) {
      const address = hosts.get(host);
      if (!address) throw new Error(`no container answers to ${host}`);
      return address;
    },
  };
}

function placeIn(text: string, own: string, root: string, hosts: ReadonlyMap<string, string>): string {
  const names = [...hosts.keys()].toSorted((a, b) => b.length - a.length).join("|");
  return text
    .replaceAll(/(?<![\d.])0\.0\.0\.0(?![\d./])/g, own)
    .replace(/(?<![\w.-])localhost(?![\w.-])/g, own)
    .replace(/:\/\/:(?=\d)/g, `://${own}:`)
    .replace(new RegExp(`(?<![\\w.-])(?:${names})(?=:\\d+(?:[/,]|$))`, "g"), (name) => hosts.get(name) ?? name)
    .replace(/(?<![\w.-])\/(?=(?:opt|var\/lib|temporal|etc\/temporal)\/)/g, `${root}/`);
}

/** Copies instead of mounting, so that scripts can be translated; execute permissions are kept. */
function mount(source: string, target: string, placed: (text: string) => string): void {
  if (!existsSync(source)) throw new Error(`${source} is mounted, and is not there`);
  mkdirSync(dirname(target), { recursive: true });
  cpSync(source, target, { recursive: true });
  const files = statSync(target).isDirectory() ? readdirSync(target).map((name) => join(target, name)) : [target];
  for (const file of files) writeFileSync(file, placed(readFileSync(file, "utf8")));
}
