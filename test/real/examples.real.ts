/** The programs of examples/, run as a reader runs them, against the real shop. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Command, runCommand } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { payOrder, untilMoneyIs } from "../support/pay.ts";
import { openWorld, type World } from "../support/world.ts";

const examples = resolve(import.meta.dirname, "../../examples");
const card = { cardNumber: "4242424242424242" };
const confirmed = "dropgate.order.confirmed";

describe("an example", () => {
  const folder = mkdtempSync(join(tmpdir(), "dropgate-examples-"));
  const running: Command[] = [];
  let world: World;
  before(async () => {
    world = await openWorld({ settings: { WEBHOOKS_ALLOW_PRIVATE: "true" } });
  });
  after(async () => {
    for (const { kill } of running) kill("SIGKILL");
    await Promise.all(running.map(({ ended }) => ended));
    await world?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function start(program: string, file: string, args: readonly string[], settings: Record<string, string>): Command {
    const command = runCommand(folder, args, settings, [program, join(examples, file)]);
    running.push(command);
    return command;
  }

  async function buy(user: string, productId: string, quantity = 1) {
    const buyer = world.as(user);
    const { orderId } = await world.place(buyer, productId, quantity);
    const { body } = await payOrder<{ paymentId: string }>(buyer, orderId, card);
    await world.untilStatus(buyer, orderId, "CONFIRMED");
    await untilMoneyIs(buyer, orderId, "captured");
    return { orderId, paymentId: body.paymentId };
  }

  test("in the shell makes a drop and schedules it, and a second run changes nothing", async () => {
    const ADMIN = world.system.faces.identity.issue({ user: "admin", role: "ADMIN", ttlMs: 600_000 });
    const run = async (...args: string[]) => {
      const command = start("sh", "drop/schedule.sh", args, { SHOP_URL: world.origin, ADMIN, UNITS: "70" });
      return { code: await command.ended, output: command.output };
    };
    for (const _ of ["first", "again"]) {
      const { code, output } = await run("example-drop", "2040-10-01T18:00", "2040-10-02T18:00");
      assert.equal(code, 0, output);
      assert.match(output, /scheduled: .*\/d\/example-drop opens 2040-10-01T18:00/);
    }
    const { body } = await world.anonymous.get<{ phase: string; opensAt: string; products: { free: number }[] }>(
      "/drops/example-drop",
    );
    assert.equal(body.phase, "upcoming");
    assert.equal(body.opensAt, "2040-10-01T16:00:00.000Z");
    const { body: stock } = await world.admin.get<{ available: number }>("/inventory/example-drop-1");
    assert.equal(stock.available, 70);

    const refused = await run("late-drop", "2020-10-01T18:00", "2020-10-02T18:00");
    assert.equal(refused.code, 1);
    assert.match(refused.output, /\/drops.* was refused: /);
  });

  test("in Python keeps a paid order once, and refuses what the shop did not sign", async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/`;
    const { body: webhook } = await world.admin.post<{ webhookId: string; secret: string }>("/webhooks", {
      url,
      events: [confirmed],
    });
    const args = [String(port), join(folder, "paid.sqlite")];
    const receiver = start("python3", "webhook-receiver/receive.py", args, {
      WEBHOOK_SECRET: webhook.secret,
      HOME: process.env.HOME ?? "",
    });
    await eventually(() => receiver.output.includes("listening"));
    const productId = await world.newProduct({ stock: 1, price: 700 });
    const { orderId } = await buy("pia", productId);
    await eventually(() => receiver.output.includes(`paid ${orderId} 700`));

    const deliveryId = await eventually(async () => {
      type Deliveries = { items: { deliveryId: number; state: string }[] };
      const { body } = await world.admin.get<Deliveries>(`/webhooks/${webhook.webhookId}/deliveries`);
      return body.items.find(({ state }) => state === "delivered")?.deliveryId;
    });
    await world.admin.post(`/webhooks/deliveries/${deliveryId}/resend`);
    await eventually(() => receiver.output.includes(`again ${orderId} 700`));

    const timestamp = String(Math.floor(Date.now() / 1000));
    const headers = { "webhook-id": "1", "webhook-timestamp": timestamp, "webhook-signature": "v1,bm90IHNpZ25lZA==" };
    const event = { type: confirmed, data: { orderId: "invented", totalMinor: 1, currency: "EUR" } };
    const forged = await fetch(url, { method: "POST", headers, body: JSON.stringify(event) });
    assert.equal(forged.status, 401);
    assert.doesNotMatch(receiver.output, /invented/);
  });

  test("on the topic of orders' events counts each payment and refund once, parts too, also when all events come again", async () => {
    const { KAFKA_BOOTSTRAP = "" } = world.environment;
    const settings = { KAFKA_BOOTSTRAP, DATABASE_URL: world.databaseUrl };
    const productId = await world.newProduct({ stock: 9, price: 300 });
    await buy("kim", productId, 2);
    const first = start(process.execPath, "takings/consume.ts", [], settings);
    await eventually(() => first.output.includes(`${productId}: 2 units, 600 EUR`));
    const { orderId, paymentId } = await buy("lou", productId);
    await eventually(() => first.output.includes(`${productId}: 3 units, 900 EUR`));
    for (const [amountMinor, sum] of [
      [100, 800],
      [50, 750],
    ] as const) {
      await world.system.faces.simulator.byHand(paymentId, { deed: "refund", amountMinor });
      await eventually(() => first.output.includes(`${productId}: 3 units, ${sum} EUR`));
    }
    first.kill("SIGTERM");
    assert.equal(await first.ended, 0, first.output);

    // Another group gets every event of this shop again, those of the test before too, and the books stay as they are.
    const counted = first.output.match(/ units, /g)?.length;
    const again = start(process.execPath, "takings/consume.ts", [], { ...settings, GROUP: "takings-again" });
    await eventually(() => again.output.match(/changes nothing/g)?.length === counted);
    assert.doesNotMatch(again.output, new RegExp(`${productId}: `));
    await eventually(async () => {
      const { status } = await world.admin.post(`/orders/${orderId}/refund`, { reason: "example", restock: true });
      return status === 200 || status === 202;
    });
    await eventually(() => again.output.includes(`${productId}: 2 units, 600 EUR`));
  });
});
