/**
 * `npm run test:real [-- FILES]`: all tests on the real Redis, Kafka, PostgreSQL and Temporal: the contracts of the
 * ports, the guide, the saga, and the whole system in processes of its own. It installs the servers first. Tests of a
 * server that is not available are skipped, and named; on a build machine (CI=true) that is a failure.
 */
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { readOptions } from "./options.ts";

const servers = ["redis", "kafka", "postgres", "temporal"] as const;
type Server = (typeof servers)[number] | "compose" | "chromium" | "prometheus" | "helm" | "kubeconform";

/** The test files that do not need all servers, and those that they need. */
const needs: readonly [RegExp, readonly Server[]][] = [
  [/^src\/inventory\/gate\//, ["redis"]],
  [/^src\/engines\/log\//, ["kafka"]],
  [/^src\/engines\/sql\//, ["postgres"]],
  [/^src\/(engines\/workflows|fulfilment)\//, ["temporal"]],
  [/^test\/real\/compose/, [...servers, "compose"]],
  [/^test\/real\/rules/, ["prometheus"]],
  [/^test\/real\/helm/, ["helm", "kubeconform"]],
  [/^test\/real\/alerts/, ["redis", "postgres", "prometheus"]],
  [/^test\/e2e\//, [...servers, "chromium"]],
];

/** Cases in which the servers matter; they run on the embedded engines too. */
const onBoth = ["idempotency", "races", "events", "late-payments"].map((name) => `test/edge/${name}.test.ts`);

/** Files that start a dozen processes at once, or measure: they have the machine to themselves. */
const alone = /^test\/real\/(apart|bench|compose|split)\./;

const help = `npm run test:real [-- FILES]

Runs these tests, or all, on the real Redis, Kafka, PostgreSQL and Temporal, and finds or builds the servers first.`;
const { positionals: asked } = readOptions(help, { allowPositionals: true });
const everything = globSync(["{src,scripts,test}/**/*.real.ts", "test/guide/*.test.ts", ...onBoth]).toSorted();

const chosen = asked.length > 0 ? asked : everything;

const missing = new Set<Server>();
for (const server of new Set(chosen.flatMap(serversOf))) {
  if ((await node("scripts/provision.ts", server)) !== 0) missing.add(server);
}
const files = chosen.filter((file) => {
  const lacks = serversOf(file).filter((server) => missing.has(server));
  if (lacks.length > 0) console.log(`SKIPPED  ${file}: ${lacks.join(", ")} not available on this machine`);
  return lacks.length === 0;
});

if (missing.size > 0 && process.env.CI === "true") {
  console.error(`${[...missing].join(", ")} not available, and on a build machine no test may be skipped`);
  process.exitCode = 1;
} else if (files.length > 0) {
  const { lone = [], shared = [] } = Object.groupBy(files, (file) => (alone.test(file) ? "lone" : "shared"));
  // Each file starts servers of its own, and waits for them half of the time.
  process.exitCode = Math.max(await run(shared, 2), await run(lone, 1));
}

async function run(some: readonly string[], atOnce: number): Promise<number> {
  if (some.length === 0) return 0;
  return node(
    ...["--test", "--test-global-setup=test/support/global-setup.ts", "--import=./test/support/leak-check.ts"],
    ...[`--test-concurrency=${atOnce}`, "--test-timeout=600000"],
    ...["--test-reporter=spec", "--test-reporter-destination=stdout"],
    ...["--test-reporter=./scripts/contract-cases.ts", "--test-reporter-destination=stdout"],
    ...some,
  );
}

function serversOf(file: string): readonly Server[] {
  return needs.find(([place]) => place.test(file))?.[1] ?? servers;
}

function node(...args: string[]): Promise<number> {
  const env = { ...process.env, DROPGATE_TEST_PROFILE: "real" };
  return new Promise((resolve) => {
    spawn(process.execPath, args, { stdio: "inherit", env }).once("exit", (code) => resolve(code ?? 1));
  });
}
