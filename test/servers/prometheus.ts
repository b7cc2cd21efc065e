/** Prometheus and Alertmanager with their tools, unpacked from Debian's packages: installed, they would start as services. */
import { cpSync, existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { aptDownload, buildOnce, cacheFolder, findProgram, link, missing, type Provision, run } from "./cache.ts";
import type { ServersFolder } from "./folder.ts";
import type { ServerPlan } from "./process.ts";

const packages = ["prometheus", "prometheus-alertmanager"];
/** Debian's Alertmanager reads its texts here, wherever it lies itself. */
const templates = "/usr/share/prometheus/alertmanager";
const programs = ["prometheus", "promtool", "prometheus-alertmanager", "amtool"] as const;

export async function provisionPrometheus(): Promise<Provision> {
  const lacking = programs.filter((name) => !findProgram(name));
  const unpacked = join(cacheFolder, "prometheus-debian");
  const built =
    lacking.length > 0 &&
    (await buildOnce("prometheus-debian", async (folder) => {
      await aptDownload(folder, packages);
      for (const file of readdirSync(folder).filter((name) => name.endsWith(".deb"))) {
        await run("dpkg-deb", ["-x", join(folder, file), folder], { timeoutMs: 120_000 });
      }
    }));
  const texts = join(unpacked, templates);
  if (!existsSync(templates) && existsSync(texts)) cpSync(texts, templates, { recursive: true });
  for (const name of lacking) {
    const program = join(unpacked, "usr/bin", name);
    if (!existsSync(program)) throw new Error(`Debian's packages ${packages.join(" and ")} have no ${name}`);
    link(program, name);
  }
  const path = programOf("prometheus");
  const said = await run(path, ["--version"], { timeoutMs: 30_000 });
  return { built, version: /version (\S+)/.exec(said)?.[1] ?? "unknown", path };
}

export function programOf(name: (typeof programs)[number]): string {
  return findProgram(name) ?? missing("prometheus");
}

/** `configuration`: the text of the file, for the addresses that this server has. */
type Configured = { configuration(): string };

export async function prometheusServer(within: ServersFolder, { configuration }: Configured) {
  const folder = join(within.path, "prometheus");
  const origin = `http://127.0.0.1:${await within.port("prometheus")}`;
  const file = join(folder, "prometheus.yaml");
  const args = [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(folder, "data")}`,
    `--web.listen-address=${new URL(origin).host}`,
    "--web.enable-lifecycle",
  ];
  const plan = planOf("prometheus", folder, [programOf("prometheus"), ...args], `${origin}/-/ready`, () =>
    writeFileSync(file, configuration()),
  );
  return { plan, origin };
}

export async function alertmanagerServer(within: ServersFolder, { configuration }: Configured) {
  const folder = join(within.path, "alertmanager");
  const origin = `http://127.0.0.1:${await within.port("alertmanager")}`;
  const file = join(folder, "alertmanager.yaml");
  const args = [
    `--config.file=${file}`,
    `--storage.path=${join(folder, "data")}`,
    `--web.listen-address=${new URL(origin).host}`,
    // One alone: no port for others.
    "--cluster.listen-address=",
  ];
  const command = [programOf("prometheus-alertmanager"), ...args] as const;
  const plan = planOf("alertmanager", folder, command, `${origin}/-/ready`, () => writeFileSync(file, configuration()));
  return { plan, origin };
}

function planOf(
  name: string,
  folder: string,
  command: ServerPlan["command"],
  ready: string,
  prepare: () => void,
): ServerPlan {
  return {
    name,
    folder,
    command,
    stopSignal: "SIGTERM",
    readyWithinMs: 180_000,
    prepare,
    async ask() {
      const { status } = await fetch(ready, { signal: AbortSignal.timeout(2_000) });
      if (status !== 200) throw new Error(`${ready} was answered ${status}`);
    },
  };
}
