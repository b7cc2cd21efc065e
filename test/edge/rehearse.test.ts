/** A rehearsal on a running shop, and shops at which none is held. */
import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Fault, faults } from "../../src/cli/rehearse/buyers.ts";
import { createProgress } from "../../src/cli/rehearse/progress.ts";
import { rehearse } from "../../src/cli/rehearse/rehearse.ts";
import { type Config, readConfig } from "../../src/config/config.ts";
import type { Stock } from "../support/client.ts";
import { openWorld, type World } from "../support/world.ts";

/** A late payment waits for the end of a hold, which is a minute. */
const quick: readonly Fault[] = faults.filter((fault) => fault !== "late");
const file = join(tmpdir(), `rehearsal-${process.pid}.json`);

describe("a rehearsal", () => {
  let world: World;
  let config: Config;
  before(async () => {
    world = await openWorld();
    config = readConfig({ JWT_SECRET: world.secret }, "no .env in tests");
  });
  after(async () => {
    await world?.close();
    await rm(file, { force: true });
  });

  async function hold(config: Config, onProduction: boolean) {
    const printed: string[] = [];
    const told: string[] = [];
    const options = { url: world.origin, buyers: 24, seconds: 0, patienceSeconds: 60, faults: quick, dropId: "lamps" };
    const progress = createProgress({ write: (text) => told.push(text) });
    const print = (line: string) => printed.push(line);
    const certificate = await rehearse(config, { ...options, onProduction, json: false, file }, progress, print);
    return { certificate, printed: printed.join("\n"), told: told.join("") };
  }

  test("with cuts, double sends, a burst, slow clients and cancels ends clean, and leaves nothing on sale", async () => {
    const lamp = await world.newProduct({ stock: 5, price: 1_234, limitPerCustomer: 3 });
    const opensAt = new Date(Date.now() + 3_600_000).toISOString();
    const closesAt = new Date(Date.now() + 7_200_000).toISOString();
    const drop = { dropId: "lamps", name: "Lamps", zone: "Etc/UTC", opensAt, closesAt, holdSeconds: 300 };
    const made = await world.admin.post("/drops", { ...drop, products: [{ productId: lamp }] });
    assert.equal(made.status, 201, JSON.stringify(made.body));

    const { certificate, printed, told } = await hold(config, false);
    assert.equal(certificate.clean, true, printed);
    const { accepted, confirmed, cancelled, refused, unanswered } = certificate.figures;
    assert.ok(accepted > 5 && confirmed > 0 && cancelled > 0 && unanswered > 0, printed);
    assert.ok((refused.sold_out ?? 0) > 0, printed);
    assert.match(printed, /✓ oversold units: .*\n.*✓ lost units: /);
    assert.match(printed, /\n✓ Clean: every law holds\.$/);
    assert.match(told, /\n\d+ of 24: \d+ accepted, \d+ refused\n/);
    assert.deepEqual(JSON.parse(await readFile(file, "utf8")), certificate as unknown);

    const { rehearsal } = certificate;
    const shadow = await world.anonymous.get<{ holdSeconds: number; phase: string }>(`/drops/${rehearsal}`);
    assert.deepEqual([shadow.body.holdSeconds, shadow.body.phase], [300, "cancelled"]);
    const { body } = await world.anonymous.get<{ price: number; limitPerCustomer: number }>(`/products/${rehearsal}-1`);
    assert.deepEqual([body.price, body.limitPerCustomer], [1_234, 3]);
    const { onHand, held, available } = (await world.admin.get<Stock>(`/inventory/${rehearsal}-1`)).body;
    assert.deepEqual([onHand, held, available], [0, 0, 0]);
    assert.equal((await world.reportOf(lamp)).onHand, 5, "real stock is as it was");
    const late = await world.as("ada").post("/orders", { productId: `${rehearsal}-1`, quantity: 1 });
    assert.equal(late.body.code, "drop_ended", JSON.stringify(late.body));
  });

  test("is refused at a shop of real people, with the signs, unless it is told that this is meant", async () => {
    const people = { PUBLIC_URL: "https://shop.example", SMTP_URL: "smtp://mail.example", MAIL_FROM: "a@shop.example" };
    const real = readConfig({ JWT_SECRET: world.secret, ...people }, "no .env in tests");
    const signs = /shop of real people: PUBLIC_URL is https:\/\/shop\.example.*SMTP_URL is set.*--on-production/;
    await assert.rejects(hold(real, false), signs);
    await world.admin.put("/admin/gatekeeper", { mode: "closed" });
    await assert.rejects(hold(real, true), /the shop is closed for new orders/);
  });
});

test("progress is a bar on a terminal, and lines elsewhere", () => {
  const written = { terminal: "", file: "" };
  const terminal = createProgress({ isTTY: true, write: (text) => (written.terminal += text) });
  const lines = createProgress({ write: (text) => (written.file += text) });
  for (const progress of [terminal, lines]) {
    for (const done of [1, 2, 3, 4]) progress.move(done, 4, "fine");
    progress.say("done");
  }
  assert.ok(written.terminal.includes(`\r\u001b[K[${"█".repeat(15)}${"░".repeat(15)}] 2 of 4, fine`));
  assert.ok(written.terminal.endsWith("\r\u001b[Kdone\n"));
  assert.equal(written.file, "1 of 4: fine\n2 of 4: fine\n3 of 4: fine\n4 of 4: fine\ndone\n");
});
