/** Readiness of the real command: from the first moment at which it is UP, the next order is accepted. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createClient, crowd, staff } from "../support/client.ts";
import { type Command, runCommand, upWithinMs } from "../support/command.ts";
import { freePort } from "../support/free-port.ts";
import { until } from "../support/until.ts";

const demoProducts = ["test-product-123", "sneaker-aurora-1", "ticket-night-one", "poster-signed"];
const manyProducts = Array.from({ length: 60 }, (_, i) => `lamp-${i}`);

describe("a process that says it is ready", { timeout: 400_000 }, () => {
  let folder: string;
  let port: string;
  let system: Command;
  const origin = () => `http://127.0.0.1:${port}`;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "dropgate-ready-"));
    port = String(await freePort());
  });
  after(async () => {
    system?.kill("SIGKILL");
    await system?.ended;
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });

  /** Starts it, and orders one of each product the moment it is ready; returns the answers. */
  async function orderTheMomentItIsReady(products: readonly string[]): Promise<string[]> {
    system = runCommand(folder, ["start"], { PORT: port });
    const buyer = createClient(origin, { "x-user-id": "ada" }, crowd);
    await until(async () => (await buyer.get("/actuator/health/readiness")).status === 200, {
      withinMs: upWithinMs,
      everyMs: 1,
    }).catch((cause) => {
      throw new Error(`it was never ready:\n${system.output}`, { cause });
    });
    const answers = await Promise.all(products.map((productId) => buyer.post("/orders", { productId, quantity: 1 })));
    return answers.map(({ status, body }, i) => `${products[i]}: ${status} ${body.code ?? ""}`.trim());
  }

  test("O3: on a fresh folder the first orders are accepted, for every product of the demo shop", async () => {
    assert.deepEqual(
      await orderTheMomentItIsReady(demoProducts),
      demoProducts.map((productId) => `${productId}: 202`),
    );
  });

  test("O3: after a restart with many products every one of them is on sale", async () => {
    const token = runCommand(folder, ["token", "--role", "ADMIN"], { PORT: port });
    assert.equal(await token.ended, 0);
    const admin = createClient(origin, { authorization: `Bearer ${token.output.trim()}` }, staff);
    for (const productId of manyProducts) {
      const made = await admin.post("/products", { productId, name: productId, price: 100, currency: "EUR" });
      assert.equal(made.status, 201);
      const stocked = await admin.post(`/inventory/${productId}/restock`, { quantity: 5, reason: "test" });
      assert.equal(stocked.status, 200);
    }
    system.kill("SIGTERM");
    await system.ended;
    assert.deepEqual(
      await orderTheMomentItIsReady(manyProducts),
      manyProducts.map((productId) => `${productId}: 202`),
    );
  });
});
