/**
 * Runs the services of a resolved compose file as processes, on a machine without a container engine: with the command,
 * environment, mounts, start order and health check of the file. compose-places.ts has their addresses and folders,
 * compose-images.ts what their images would contain.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../servers/cache.ts";
import { signalGroup } from "../servers/leftover.ts";
import { createServerProcess, type ServerProcess } from "../servers/process.ts";
import type { Project } from "./compose-config.ts";
import { imageOf } from "./compose-images.ts";
import { type Container, createPlaces } from "./compose-places.ts";

export type Containers = {
  /** Starts the services of the file that do not run yet, each once its dependencies are healthy or done. */
  up(project: Project): Promise<void>;
  /** Ends these in the order of the list. */
  down(names: readonly string[]): Promise<void>;
  /** In the order of starting. */
  names(): string[];
  /** `docker exec NAME COMMAND…`: returns standard output. */
  exec(name: string, ...command: string[]): Promise<string>;
  addressOf(host: string): string;
  logOf(name: string): string;
};

export function createContainers(folder: string): Containers {
  const places = createPlaces(folder);
  const running = new Map<string, { container: Container; server: ServerProcess }>();
  const logs = new Map<string, string>();
  killAtExit(() => [...running.values()].map(({ server }) => server.pid));

  async function launch(container: Container): Promise<void> {
    places.mountInto(container);
    const image = imageOf(container);
    if (image.ends) {
      await inside(container, image.command, 180_000);
      return;
    }
    const server = createServerProcess({
      name: container.name,
      folder: image.folder,
      command: ["env", "-i", ...assignments({ ...container.env, ...image.env }), ...image.command],
      ...(image.user && { user: image.user }),
      stopSignal: image.stopSignal ?? "SIGTERM",
      readyWithinMs: 180_000,
      prepare: image.prepare ?? (() => {}),
      ask: () => askHealth(container),
    });
    running.set(container.name, { container, server });
    logs.set(container.name, join(image.folder, "server.log"));
    await server.start();
  }

  return {
    async up({ services }) {
      const containers = places.containersOf({ services }).filter(({ name }) => !running.has(name));
      const starts = new Map<string, Promise<unknown>>();
      const started = (service: string) => starts.get(service) ?? begin(service);
      function begin(service: string): Promise<unknown> {
        const mine = containers.filter((container) => container.service === service);
        const before = Object.keys(services[service]?.depends_on ?? {});
        const start = Promise.all(before.map(started)).then(() => Promise.all(mine.map(launch)));
        starts.set(service, start);
        return start;
      }
      // All are awaited, even if one fails, so that none is still starting while all are stopped.
      const all = await Promise.allSettled(Object.keys(services).map(started));
      for (const start of all) if (start.status === "rejected") throw start.reason;
    },
    async down(names) {
      for (const name of names) {
        await running.get(name)?.server.stop();
        running.delete(name);
      }
    },
    names: () => [...running.keys()],
    exec(name, ...command) {
      const found = running.get(name);
      if (!found) throw new Error(`no container is named ${name}`);
      return inside(found.container, command.map(found.container.placed), 180_000);
    },
    addressOf: places.addressOf,
    logOf: (name) => readFileSync(logs.get(name) ?? `no log of ${name}`, "utf8"),
  };
}

async function askHealth(container: Container): Promise<void> {
  const [kind, ...words] = (container.says.healthcheck?.test ?? []).map(container.placed);
  if (kind === "CMD") await inside(container, words, 30_000);
  else if (kind === "CMD-SHELL") await inside(container, ["sh", "-c", words.join(" ")], 30_000);
  else throw new Error(`${container.name} has no health check`);
}

function inside({ env, root }: Container, command: readonly string[], timeoutMs: number): Promise<string> {
  const cwd = existsSync(join(root, "app")) ? join(root, "app") : root;
  return run("env", ["-i", ...assignments(env), ...command], { timeoutMs, cwd });
}

function assignments(env: Record<string, string>) {
  return Object.entries(env).map(([key, value]) => `${key}=${value}`);
}

/** Servers have process groups of their own and would survive a test that is cut off. */
function killAtExit(pids: () => (number | undefined)[]): void {
  process.once("exit", () => {
    for (const pid of pids()) if (pid) signalGroup(pid, "SIGKILL");
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
}
