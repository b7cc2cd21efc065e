/** "Services apart" of docs/guide/deployment.md, without containers: the test pastes its commands. */
import assert from "node:assert/strict";
import { chmod, cp, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { exportsOf, type Servers, startServers } from "../servers/servers.ts";
import { runCommand } from "../support/command.ts";
import { freePort } from "../support/free-port.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

describe("services apart, by the guide", { timeout: 600_000 }, () => {
  let folder: string;
  let servers: Servers;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "dropgate-apart-"));
    await chmod(folder, 0o755); // PostgreSQL runs as another user if this process is root.
    await cp(join(root, "package.json"), join(folder, "package.json"));
    for (const name of ["src", "node_modules"]) await symlink(join(root, name), join(folder, name));
    servers = await startServers({ folder: join(folder, "servers") });
  });
  after(async () => {
    await servers?.stopAll();
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });

  test("O18: the guide's commands start five processes, seed the shop, place an order, and stop all five", async () => {
    const guide = await readFile(join(root, "docs/guide/deployment.md"), "utf8");
    const section = guide.slice(guide.indexOf("### Services apart"), guide.indexOf("## 2. Initial data sync"));
    const [, first = "", second = ""] = [...section.matchAll(/```bash\n(.*?)```/gs)].map(([, block = ""]) => block);
    const ports = new Map<string, string>();
    for (const port of ["8080", "8081", "8082", "8083", "8084"]) ports.set(port, String(await freePort()));
    // In the guide's own lines alone: a password or an address of the servers may contain such figures.
    const here = (text: string) => text.replaceAll(/\b808[0-4]\b/g, (port) => ports.get(port) ?? port);
    const script = `${exportsOf(servers.env)}\nexport PORT=${ports.get("8080")}\n${here(first)}
      until [ "$(grep -c ' up: http' output)" = 5 ]; do sleep 0.2; done
      ${here(second)}\nwait`;
    const settings = { HOME: folder, SCRIPT: script, npm_config_offline: "true" };
    const paste = ["bash", "-c", 'bash -c "$SCRIPT" 2>&1 | tee output'] as const;
    const pasted = runCommand(folder, [], settings, paste);
    assert.equal(await pasted.ended, 0, pasted.output);
    assert.match(pasted.output, /^Made 7 products\.$/m);
    assert.match(pasted.output, /"orderId":"[0-9a-f-]{36}","status":"PENDING"/);
    assert.doesNotMatch(pasted.output, /"level":"error"/);
  });
});
