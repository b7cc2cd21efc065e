/** The README as a new user follows it: the test pastes its commands into a shell, and compares the answers. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Command, runCommand } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

describe("README.md", { timeout: 400_000 }, () => {
  let folder: string;
  let system: Command;
  let origin: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "dropgate-readme-"));
    await cp(join(root, "package.json"), join(folder, "package.json"));
    for (const name of ["src", "node_modules"]) await symlink(join(root, name), join(folder, name));
    system = runCommand(folder, ["start"], { PORT: String(await freePort()), DATA_DIR: ".data" });
    origin = await system.untilUp();
  });
  after(async () => {
    system.kill("SIGKILL");
    await system.ended;
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });

  test("O18: its commands, pasted at once, place, pay and look up an order, and compare gate and books", async () => {
    const [, tour = ""] = [...(await readFile(join(root, "README.md"), "utf8")).matchAll(/```bash\n(.*?)```/gs)].map(
      ([, block = ""]) => block.replaceAll("http://localhost:8080", origin),
    );
    const { PATH } = process.env;
    const environment = { PATH, HOME: folder };
    // The shop is seeded a moment after the address is printed.
    await eventually(() => system.output.includes("Ctrl-C stops everything"));
    const { stdout } = await promisify(execFile)("sh", ["-ec", tour], { cwd: folder, env: environment });
    const [, orderId] = /^([0-9a-f-]{36})$/m.exec(stdout) ?? assert.fail(stdout);
    assert.match(stdout, new RegExp(`"orderId":"${orderId}","paymentId"`));
    assert.match(stdout, /"status":"OK","mode":"gatekeeper"/);
    await eventually(async () => {
      const answer = await fetch(`${origin}/orders/${orderId}`, { headers: { "x-user-id": "test-user" } });
      return (await answer.text()).includes('"status":"CONFIRMED"');
    });
  });
});
