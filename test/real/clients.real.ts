/**
 * Clients that two widely used generators make from openapi.json place and pay an order. The generators are installed
 * into the cache of servers, outside the repository: they need npm and pip.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { buildOnce, cacheFolder } from "../servers/cache.ts";
import { openWorld, type World } from "../support/world.ts";

const run = promisify(execFile);
const document = resolve(import.meta.dirname, "../../openapi.json");
const npmPackages = ["openapi-typescript@7.13.0", "openapi-fetch@0.17.0", "typescript@5.9.3"];
const pipPackages = ["openapi-python-client==0.29.1"];
const installWithinMs = 240_000;

/** The capture follows the confirmation, so a client that wants to see the money captured asks until it is. */
const inTypeScript = `
import createClient from "openapi-fetch";
import type { paths } from "./api.d.ts";

const [origin = "", user = "", productId = ""] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl: origin, headers: { "X-User-Id": user } });
const placed = await client.POST("/orders", { body: { productId, quantity: 1, expectedTotal: 500 } });
if (!placed.data) throw new Error(placed.error.detail);
const params = { path: { orderId: placed.data.orderId } };
for (;;) {
  const { data } = await client.GET("/orders/{orderId}", { params });
  if (data?.status === "PAYMENT_PENDING") {
    await client.POST("/orders/{orderId}/payment", { params, body: { cardNumber: "4242424242424242" } });
  }
  const money: string | undefined = data?.payment?.status;
  if (data?.status === "CONFIRMED" && money === "captured") {
    console.log(data.status, data.total, money);
    break;
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
}
`;

const inPython = `
import sys, time
from shop.client import Client
from shop.api.orders import place_order, get_order, pay_order
from shop.models import PlaceOrderBody, PayOrderBody, Order, PlacedOrder

origin, user, product = sys.argv[1:4]
client = Client(base_url=origin, headers={"X-User-Id": user})
placed = place_order.sync(client=client, body=PlaceOrderBody(product_id=product, quantity=1, expected_total=500))
assert isinstance(placed, PlacedOrder), placed
while True:
    order = get_order.sync(str(placed.order_id), client=client)
    assert isinstance(order, Order), order
    if order.status == "PAYMENT_PENDING":
        pay_order.sync(str(placed.order_id), client=client, body=PayOrderBody(card_number="4242424242424242"))
    if order.status == "CONFIRMED" and order.payment.status == "captured":
        print(str(order.status), order.total, order.payment.status)
        break
    time.sleep(0.1)
`;

describe("O16: a client generated from the OpenAPI document", { timeout: 2 * installWithinMs }, () => {
  const folder = mkdtempSync(join(tmpdir(), "dropgate-clients-"));
  let world: World;
  let lamp: string;
  before(async () => {
    world = await openWorld({ settings: { TRUST_USER_HEADER: "true" } });
    lamp = await world.newProduct({ stock: 10, price: 500 });
  });
  after(async () => {
    await world?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The folder in the cache that has them; made once. */
  async function installed(name: string, install: (folder: string) => Promise<unknown>): Promise<string> {
    await buildOnce(name, install);
    return join(cacheFolder, name);
  }

  test("in TypeScript is checked by the compiler, places an order and pays it", async () => {
    const npm = await installed(`clients-${npmPackages.join("-")}`, (prefix) =>
      run("npm", ["install", "--prefix", prefix, "--no-audit", "--no-fund", ...npmPackages], {
        timeout: installWithinMs,
      }),
    );
    const modules = join(npm, "node_modules");
    symlinkSync(modules, join(folder, "node_modules"));
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    writeFileSync(join(folder, "shop.ts"), inTypeScript);
    const inFolder = { cwd: folder };
    await run(process.execPath, [join(modules, "openapi-typescript/bin/cli.js"), document, "-o", "api.d.ts"], inFolder);
    const options =
      "--strict --noEmit --skipLibCheck --target es2023 --module nodenext --allowImportingTsExtensions --types";
    const types = [resolve(import.meta.dirname, "../../node_modules/@types/node")];
    await run(
      process.execPath,
      [join(modules, "typescript/bin/tsc"), ...options.split(" "), ...types, "shop.ts"],
      inFolder,
    );
    const { stdout } = await run(process.execPath, ["shop.ts", world.origin, "tess", lamp], inFolder);
    assert.equal(stdout.trim(), "CONFIRMED 500 captured");
  });

  test("in Python has every model, places an order and pays it", async () => {
    const pip = await installed(`clients-${pipPackages.join("-")}`, (target) =>
      run("python3", ["-m", "pip", "install", "--quiet", "--target", target, ...pipPackages], {
        timeout: installWithinMs,
      }),
    );
    const options = { cwd: folder, env: { ...process.env, PYTHONPATH: `${pip}:${folder}` } };
    const generate = [
      "-m",
      "openapi_python_client",
      "generate",
      "--path",
      document,
      "--meta",
      "none",
      "--output-path",
      "shop",
    ];
    const { stdout: said } = await run("python3", generate, options);
    assert.doesNotMatch(said, /Unable to process|Cannot parse|duplicate/, said);
    writeFileSync(join(folder, "buy.py"), inPython);
    const { stdout } = await run("python3", ["buy.py", world.origin, "pia", lamp], options);
    assert.equal(stdout.trim(), "CONFIRMED 500 captured");
  });
});
