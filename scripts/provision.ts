/**
 * Installs the real Redis, Kafka, PostgreSQL and Temporal on a machine without containers: `node scripts/provision.ts
 * [redis kafka postgres temporal compose chromium prometheus helm kubeconform vegeta k6]`. Installed servers stay unchanged.
 */
import { cacheFolder, type Provision } from "../test/servers/cache.ts";
import { provisionChromium } from "../test/servers/chromium.ts";
import { provisionCompose } from "../test/servers/compose.ts";
import { provisionK6, provisionVegeta } from "../test/servers/generators.ts";
import { provisionKafka } from "../test/servers/kafka.ts";
import { provisionHelm, provisionKubeconform } from "../test/servers/kubernetes.ts";
import { provisionPostgres } from "../test/servers/postgres.ts";
import { provisionPrometheus } from "../test/servers/prometheus.ts";
import { provisionRedis } from "../test/servers/redis.ts";
import { provisionTemporal } from "../test/servers/temporal.ts";
import { readOptions } from "./options.ts";

type Recipe = { provision(): Promise<Provision>; byHand: string; slow?: string };

const recipes: Record<string, Recipe> = {
  redis: { provision: provisionRedis, byHand: "install Redis 7 or later so that redis-server is on PATH" },
  postgres: { provision: provisionPostgres, byHand: "install PostgreSQL 15 or later so that postgres is on PATH" },
  kafka: { provision: provisionKafka, byHand: "install Java 17 and Maven, and give Maven a reachable repository" },
  temporal: {
    provision: provisionTemporal,
    byHand: "install Go 1.25 or later, or put the temporal CLI on PATH",
    slow: "compiling takes about three minutes the first time",
  },
  chromium: {
    provision: provisionChromium,
    byHand: "install Chromium so that it is /usr/bin/chromium, or set CHROMIUM",
  },
  compose: { provision: provisionCompose, byHand: "install Go", slow: "compiling takes some minutes the first time" },
  prometheus: {
    provision: provisionPrometheus,
    byHand: "put prometheus, promtool, prometheus-alertmanager and amtool on PATH",
  },
  helm: {
    provision: provisionHelm,
    byHand: "install Go, or put Helm 3 on PATH as helm",
    slow: "compiling takes some minutes the first time",
  },
  kubeconform: { provision: provisionKubeconform, byHand: "install Go and Python with pip" },
  vegeta: { provision: provisionVegeta, byHand: "install Go, or put vegeta on PATH" },
  k6: { provision: provisionK6, byHand: "install Go, or put k6 on PATH", slow: "compiling takes about two minutes" },
};

// Compose is for the tests of the compose files, a browser for those of the pages, Prometheus for those of the alerts, Helm
// and its validator for those of the chart, and a generator for benchmarks.
const onlyWhenNamed = ["compose", "chromium", "prometheus", "helm", "kubeconform", "vegeta", "k6"];
const help = `node scripts/provision.ts [NAME …]

Finds or builds what the tests and trials run on: ${Object.keys(recipes)
  .filter((name) => !onlyWhenNamed.includes(name))
  .join(", ")}; and if they are named, ${onlyWhenNamed.join(", ")}.`;
const { positionals: asked } = readOptions(help, { allowPositionals: true });
const names = asked.length > 0 ? asked : Object.keys(recipes).filter((name) => !onlyWhenNamed.includes(name));
const unknown = names.filter((name) => !recipes[name]);

if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(", ")}. Choose from: ${Object.keys(recipes).join(", ")}`);
  process.exitCode = 2;
} else {
  console.log(`cache: ${cacheFolder}`);
  for (const name of names) await provision(name, recipes[name] as Recipe);
}

/** One after another: apt holds a lock, and a Go build takes every core anyway. */
async function provision(name: string, recipe: Recipe): Promise<void> {
  const begun = performance.now();
  const seconds = () => `${((performance.now() - begun) / 1000).toFixed(1)} s`;
  const longWork = setTimeout(() => console.log(`${name.padEnd(11)}working… ${recipe.slow ?? ""}`), 5_000);
  try {
    const { built, version, path } = await recipe.provision();
    console.log(
      `${name.padEnd(11)}${built ? "built" : "found"}  ${version.padEnd(9)} ${seconds().padStart(8)}  ${path}`,
    );
  } catch (error) {
    const tried = (error as Error).message.replaceAll(/\s*\n\s*/g, " | ");
    console.error(`${name.padEnd(11)}FAILED after ${seconds()}: ${tried}. To go on: ${recipe.byHand}.`);
    process.exitCode = 1;
  } finally {
    clearTimeout(longWork);
  }
}
