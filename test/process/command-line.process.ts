/** The message at the terminal for a command that cannot run: a sentence, and what to do. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Command, runCommand } from "../support/command.ts";
import { freePort } from "../support/free-port.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));

describe("the command line", { timeout: 400_000, concurrency: 3 }, () => {
  let folder: string;
  let port: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "dropgate-cli-"));
    port = String(await freePort());
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const run = (...args: string[]) => runCommand(folder, args, { PORT: port });

  for (const [args, says] of [
    ["strat", /^dropgate: strat is none of its commands, which are start, .*"dropgate --help"/],
    ["strat --help", /^dropgate: strat is none of its commands, which are start, .*"dropgate --help"/],
    ["-h strat", /^dropgate: strat is none of its commands, which are start, /],
    ["start --service=order", /^dropgate start: Unknown option '--service'; its flags are --services, /],
    ["start order", /^dropgate start: Unexpected argument 'order'; its flags are --services, /],
    ["rehearse --buyers -1", /^dropgate rehearse: Option '--buyers' argument is ambiguous; its flags are --buyers, /],
    ["start --services=", /--services: an empty name is none of product, settlement, /],
    ["sync --rebulid", /^dropgate sync: Unknown option '--rebulid'; its flags are --rebuild/],
    ["reconcile --repiar --yes", /^dropgate reconcile: Unknown option '--repiar'; its flags are --repair, --yes/],
    ["replay 1 2 --yes", /^dropgate replay: Unexpected argument '2'; its flags are --yes, --discard, --all/],
    ["replay --yes", /^name the letter: dropgate replay <id>/],
    ["token", /^dropgate token: --role is missing: One of CUSTOMER, WAREHOUSE, ADMIN\. "dropgate token --help"/],
    ["payments", /^dropgate payments: --since is missing: The last commit that the restored database has/],
    [
      "order --json",
      /^dropgate order: <order> is missing: The order's id, or its short code\. "dropgate order --help"/,
    ],
    ["appoint --email ada --role ADMIN", /^--email ada is no e-mail address: write ada@example\.com/],
    [
      "start --services=gateway --check-config",
      /^--services=gateway: PRODUCT_URL, INVENTORY_URL, ORDER_URL, PAYMENT_URL not set/,
    ],
    ["start --services=ordr --check-config", /^--services: ordr is none of product, settlement, /],
    [
      "start --services=order --services=desk",
      /^dropgate start: Option '--services' is given more than once; its flags/,
    ],
    ["token --role ADMIN --user=", /^--user "": give 1 to 255 characters, none of them a control character\s*$/],
    ["token --role admin", /^--role admin is none of CUSTOMER, WAREHOUSE, ADMIN/],
    ["rehearse --buyers=1", /^nothing answers at http:\/\/127\.0\.0\.1:\d+: start the system first, or .*--url/],
    [
      "rehearse --file=none/certificate.json",
      /^--file none\/certificate\.json cannot be written \(ENOENT: .*: name a file/,
    ],
    ["rehearse --seconds=", /^--seconds : give a whole number from 0 to 86400/],
    ["rehearse --buyers=1e2", /^--buyers 1e2: give a whole number from 1 to 100000/],
    [
      "rehearse --url=http://127.0.0.1?a",
      /^--url http:\/\/127\.0\.0\.1\?a: give the address of the system, like http:/,
    ],
    ["rehearse --url=http://me:hunter2@127.0.0.1", /^--url has a password: leave it out/],
    ["rehearse --url=shop", /^--url shop: give the address of the system, like http:/],
    ["sync", /^nothing answers at http:\/\/127\.0\.0\.1:\d+\/admin\/sync-redis: start the system first/],
  ] as const) {
    test(`O18: dropgate ${args}: nothing is started, and the answer names the existing commands or flags`, async () => {
      await refused(run(...args.split(" ")), says);
    });
  }

  test("a command that another program or another shop answers names the settings to look at", async () => {
    const answers = { status: 200, text: "<html>" };
    const stranger = createServer((_request, response) => response.writeHead(answers.status).end(answers.text));
    const ofStranger = String(await freePort());
    await once(stranger.listen(Number(ofStranger), "127.0.0.1"), "listening");
    const ask = () => runCommand(folder, ["reconcile"], { PORT: ofStranger });
    try {
      await refused(ask(), /^http:\S+ was answered 200 without JSON, .*: set HOST, PORT and MANAGEMENT_PORT/);
      Object.assign(answers, {
        status: 401,
        text: '{"code":"unauthenticated","detail":"The token is not one of ours"}',
      });
      await refused(ask(), /was answered 401 unauthenticated: .* ours; set DATA_DIR and JWT_SECRET as the running/);
    } finally {
      stranger.close();
    }
  });

  test("a text of others that a command prints, as JSON too, holds no control character and no sign for the direction", async () => {
    const answer = { status: "OK", products: [{ productId: "lamp", explanation: "a\u009b2Jb\u007f\u202ec\u001bd" }] };
    const shop = createServer((_request, response) => response.end(JSON.stringify(answer)));
    const ofShop = String(await freePort());
    await once(shop.listen(Number(ofShop), "127.0.0.1"), "listening");
    try {
      const asked = runCommand(folder, ["reconcile"], { PORT: ofShop });
      assert.equal(await asked.ended, 0, asked.output);
      assert.doesNotMatch(asked.output, /(?!\n)[\p{Cc}\p{Bidi_Control}]/u);
      assert.deepEqual(JSON.parse(asked.output), answer);
    } finally {
      shop.close();
    }
  });

  test("dropgate bench runs the benchmarks of the checkout: it lists them, and refuses one that does not exist", async () => {
    const listed = run("bench", "--help");
    assert.equal(await listed.ended, 0, listed.output);
    assert.match(listed.output, /^ +accept +durable accepts per second/m);
    // The script's own code, as of all scripts of package.json.
    await refused(run("bench", "acept"), /^acept: no such benchmark/m, 2);
  });

  test("a start at an address that this machine does not have names HOST", async () => {
    // 192.0.2.0/24 is of documents alone (RFC 5737); a name may be unknown for other reasons.
    const start = runCommand(folder, ["start"], { PORT: port, HOST: "192.0.2.1", DATA_DIR: join(folder, "elsewhere") });
    await refused(
      start,
      /this machine has no address for 192\.0\.2\.1:\d+ \(EADDRNOTAVAIL\): set HOST to 127\.0\.0\.1/,
    );
  });

  test("a command whose reader has gone, as head does, goes on to its end, and its exit code stays its own", async () => {
    for (const [args, code] of [
      [["start", "--print-config"], 0],
      [["doctor"], 0],
      [["reconcile"], 1],
    ] as const) {
      const env = { PATH: process.env.PATH, PORT: port, DATA_DIR: join(folder, "unread") };
      const program = join(repository, "src/cli/cli.ts");
      const child = spawn(process.execPath, [program, ...args], {
        cwd: folder,
        env,
        stdio: ["ignore", "pipe", "pipe"],
      });
      child.stdout.destroy();
      let errors = "";
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        errors += text;
      });
      const [ended] = await once(child, "close");
      assert.equal(ended, code, errors);
      assert.doesNotMatch(errors, /EPIPE|^ +at /m);
    }
  });

  test("a command that asks the running system makes nothing in a DATA_DIR that is not there", async () => {
    const missing = join(folder, "mistyped");
    for (const args of [["doctor"], ["reconcile"], ["replay"], ["rehearse", "--buyers=1"]]) {
      const command = runCommand(folder, args, { PORT: port, DATA_DIR: missing });
      await command.ended;
      assert.equal(existsSync(missing), false, `dropgate ${args.join(" ")} made ${missing}`);
    }
  });

  test("doctor tells of a DATA_DIR in which nothing can be written, and of a damaged secret, and looks at the rest", async () => {
    const file = join(folder, "file");
    await writeFile(file, "");
    const ofFile = runCommand(folder, ["doctor"], { PORT: port, DATA_DIR: file });
    assert.equal(await ofFile.ended, 1, ofFile.output);
    assert.match(ofFile.output, /^fault +disk: nothing can be written in \S+file \(ENOTDIR\): a file stands/m);
    assert.match(ofFile.output, /^warning +PostgreSQL: the system does not run.*\n.*\n\n\d+ ok, /m);
    const damaged = join(folder, "damaged");
    await mkdir(damaged);
    await writeFile(join(damaged, "jwt-secret"), "");
    const ofDamaged = runCommand(folder, ["doctor"], { PORT: port, DATA_DIR: damaged });
    assert.equal(await ofDamaged.ended, 1, ofDamaged.output);
    assert.match(ofDamaged.output, /^fault +running system: \S+jwt-secret holds no usable secret; delete it/m);
    assert.match(ofDamaged.output, /^\d+ ok, \d+ to look at, 1 at fault$/m);
  });

  test("O18: help that goes to a file or a pipe has no colours", async () => {
    const helped = run("token", "--help");
    assert.equal(await helped.ended, 0, helped.output);
    assert.match(helped.output, /^USAGE dropgate token \[OPTIONS\] --role=<ADMIN>$/m);
  });

  test("O18: if another user owns the data folder, every command reports it with the command that corrects it", async (t) => {
    const owned = join(folder, "owned");
    await mkdir(owned, { mode: 0o755 });
    await chmod(folder, 0o755);
    // Root may write everywhere, so root runs the command as the user that owns nothing.
    if (process.getuid?.() !== 0) return t.skip("only root can make a folder of another user");
    const withoutRights = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", process.execPath] as const;
    const says =
      /user 65534 cannot write in \S*owned\S* \(EACCES\): sudo chown -R 65534 \S+owned gives it to that user/;
    for (const [script, ...args] of [
      ["src/cli/cli.ts", "start"],
      ["src/cli/cli.ts", "migrate"],
      ["src/cli/cli.ts", "token", "--role", "ADMIN"],
      ["scripts/dev-real.ts"],
    ] as const) {
      await refused(runCommand(folder, args, { DATA_DIR: owned }, [...withoutRights, join(repository, script)]), says);
    }
  });
});

async function refused(command: Command, says: RegExp, code = 1): Promise<void> {
  assert.equal(await command.ended, code, command.output);
  assert.match(command.output.trimStart(), says);
  assert.doesNotMatch(command.output, /^ +at /m);
}
