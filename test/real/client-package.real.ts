/** packages/client as a user gets it: packed, installed into a project of their own, checked by the compiler, and run. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { openWorld, type World } from "../support/world.ts";

const run = promisify(execFile);
const source = resolve(import.meta.dirname, "../../packages/client");
const compiler = resolve(import.meta.dirname, "../../node_modules/typescript/bin/tsc");
const installWithinMs = 240_000;

describe("the client package", { timeout: 2 * installWithinMs }, () => {
  const folder = mkdtempSync(join(tmpdir(), "dropgate-client-"));
  let world: World;
  before(async () => {
    // A build of before would hide that packing builds; and the npm that runs the tests tells its children to run no scripts.
    rmSync(join(source, "dist"), { recursive: true, force: true });
    const pack = ["pack", "--ignore-scripts=false", "--pack-destination", folder];
    await run("npm", pack, { cwd: source, timeout: installWithinMs });
    writeFileSync(join(folder, "package.json"), '{ "name": "a-shop-front", "private": true, "type": "module" }');
    const install = ["install", "--no-audit", "--no-fund", "./dropgate-client-0.1.0.tgz"];
    await run("npm", install, { cwd: folder, timeout: installWithinMs });
    cpSync(join(source, "examples"), join(folder, "examples"), { recursive: true });
    world = await openWorld({ settings: { TRUST_USER_HEADER: "true", WEBHOOKS_ALLOW_PRIVATE: "true" } });
  });
  after(async () => {
    await world?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test("has the types that its examples use", async () => {
    const options = "--strict --noEmit --target es2023 --module nodenext --types node --skipLibCheck";
    const types = ["--typeRoots", resolve(import.meta.dirname, "../../node_modules/@types")];
    const files = ["examples/buy.ts", "examples/webhook.ts"];
    await run(process.execPath, [compiler, ...options.split(" "), ...types, ...files], { cwd: folder });
  });

  test("buys, pays, follows the order to its end, and hears of it by a webhook that it checks", async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/`;
    const events = ["dropgate.order.confirmed"];
    const { body: webhook } = await world.admin.post<{ secret: string }>("/webhooks", { url, events });
    const receiver = spawn(process.execPath, ["examples/webhook.ts", String(port)], {
      cwd: folder,
      env: { ...process.env, WEBHOOK_SECRET: webhook.secret },
    });
    let heard = "";
    receiver.stdout.setEncoding("utf8").on("data", (text: string) => {
      heard += text;
    });
    try {
      await eventually(() => heard.includes("listening"));
      const productId = await world.newProduct({ stock: 1, price: 500 });
      const { stdout } = await run(process.execPath, ["examples/buy.ts", world.origin, "carla", productId], {
        cwd: folder,
      });
      const told = stdout.trim().split("\n");
      assert.equal(told.at(-1), "CONFIRMED");
      assert.ok(told.includes("PAYMENT_PENDING"), stdout);
      assert.equal(new Set(told).size, told.length, `each state is told once: ${told}`);
      await eventually(() => / is paid: 500/.test(heard));
      const forged = await fetch(url, {
        method: "POST",
        body: "{}",
        headers: { "webhook-id": "1", "webhook-timestamp": "1" },
      });
      assert.equal(forged.status, 401);
    } finally {
      receiver.kill("SIGKILL");
    }
  });

  test("gets the refusal of a sold-out product as a value", async () => {
    const productId = await world.newProduct({ stock: 0, price: 500 });
    const refused = run(process.execPath, ["examples/buy.ts", world.origin, "carl", productId], { cwd: folder });
    await assert.rejects(refused, /not bought: sold_out/);
  });
});
