/** Bad input to the scripts of package.json: they say what is wrong, and run nothing. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { describe, test } from "node:test";

/** What `npm run` starts, and what a person starts by hand; the command line has tests of its own. */
const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
const started = Object.values(scripts).flatMap((script) => [...script.matchAll(/\bnode (\S+\.ts)/g)]);
const byHand = ["scripts/servers.ts", "scripts/keep-release.ts"];
const programs = [...new Set([...started.map(([, path]) => path as string), ...byHand])].filter(
  (path) => !path.startsWith("src/"),
);

type Ended = { code: unknown; stdout: string; stderr: string };

function run(path: string, ...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [path, ...args], (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stdout, stderr });
    });
  });
}

describe("a script with bad input ends with a sentence and no stack trace", { concurrency: 2 }, () => {
  for (const text of ["x", "", " ", "0", "-1", "1.5", "1e400", "1k"]) {
    test(`--seeds=${text} is no number of schedules, and none is run`, async () => {
      const ended = await run("test/simulation/main.ts", `--seeds=${text}`);
      assert.deepEqual(ended, { code: 2, stdout: "", stderr: `--seeds ${text}: choose a whole number from 1.\n` });
    });
  }

  for (const option of ["--from", "--seed"]) {
    test(`${option} may be 0, and no word`, async () => {
      const { code, stderr } = await run("test/simulation/main.ts", option, "x");
      assert.deepEqual([code, stderr], [2, `${option} x: choose a whole number from 0.\n`]);
      assert.equal((await run("test/simulation/main.ts", option, "0", "--seeds", "1")).code, 0);
    });
  }

  test("--planted names the bugs that there are", async () => {
    const { code, stderr } = await run("test/simulation/main.ts", "--planted", "x");
    assert.equal(code, 2);
    assert.match(stderr, /^--planted x: choose all, or one of .*no-sweeper.*\.\n$/);
  });

  for (const [path, ...option] of [["scripts/docs.ts", "--serve", "--port"], ["web/dev.ts"]] as const) {
    test(`${path} refuses a port that is none, or is taken, in a sentence`, async (t) => {
      const none = await run(path, ...option, "65536");
      assert.deepEqual([none.code, none.stdout], [2, ""]);
      assert.match(none.stderr, /^(--port|PORT) 65536: choose a whole number from 1 to 65535\.\n$/);
      const other = createServer().listen(0, "127.0.0.1");
      await once(other, "listening");
      t.after(() => other.close());
      const { port } = other.address() as AddressInfo;
      const taken = await run(path, ...option, String(port));
      assert.equal(taken.code, 2, taken.stderr);
      assert.match(taken.stderr, new RegExp(`^Port ${port} is already in use: choose another.*\\.\n$`));
    });
  }

  for (const path of programs) {
    test(`${path} knows no --nonsense`, async () => {
      const ended = await run(path, "--nonsense");
      const stderr = "Unknown option '--nonsense': --help lists the options.\n";
      assert.deepEqual(ended, { code: 2, stdout: "", stderr });
    });
  }
});
