/** A rehearsal on a running shop: clean, and not clean if the stock was manipulated. */
import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import pg from "pg";
import { type Fault, faults } from "../../src/cli/rehearse/buyers.ts";
import type { Certificate } from "../../src/cli/rehearse/certificate.ts";
import { createProgress } from "../../src/cli/rehearse/progress.ts";
import { type RehearsalOptions, rehearse } from "../../src/cli/rehearse/rehearse.ts";
import { type Config, readConfig } from "../../src/config/config.ts";
import type { Stock } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { openWorld, type World } from "../support/world.ts";

/** A late payment waits for the end of a hold, which is a minute. */
const quick: readonly Fault[] = faults.filter((fault) => fault !== "late");
const file = join(tmpdir(), `rehearsal-${process.pid}.json`);

describe("a rehearsal", () => {
  let world: World;
  let books: pg.Client;
  let config: Config;
  let lamp: string;
  before(async () => {
    world = await openWorld();
    config = readConfig({ JWT_SECRET: world.secret }, "no .env in tests");
    books = new pg.Client({ connectionString: world.databaseUrl });
    await books.connect();
    lamp = await world.newProduct({ stock: 5 });
  });
  after(async () => {
    await books?.end();
    await world?.close();
    await rm(file, { force: true });
  });

  async function hold(change: Partial<RehearsalOptions> = {}) {
    const usual = { url: world.origin, buyers: 30, seconds: 1, patienceSeconds: 30, faults: quick, dropId: undefined };
    const printed: string[] = [];
    const told: string[] = [];
    const options = { ...usual, onProduction: false, json: false, file: undefined, ...change };
    const progress = createProgress({ write: (text) => told.push(text) });
    const certificate = await rehearse(config, options, progress, (line) => printed.push(line));
    return { certificate, printed: printed.join("\n"), told: told.join("") };
  }
  const shadowStock = async (rehearsal: string) => (await world.admin.get<Stock>(`/inventory/${rehearsal}-1`)).body;

  test("with cuts, double sends, a burst, slow clients and cancels ends clean, and leaves nothing on sale", async () => {
    const { certificate, printed, told } = await hold({ file });
    assert.equal(certificate.clean, true, printed);
    const { accepted, confirmed, cancelled, refused, unanswered } = certificate.figures;
    assert.ok(accepted >= 10 && confirmed > 0 && cancelled > 0 && unanswered > 0, printed);
    assert.ok((refused.sold_out ?? 0) > 0, printed);
    assert.match(printed, /✓ oversold units: .*\n.*✓ lost units: /);
    assert.match(printed, /\n✓ Clean: every law holds\.$/);
    assert.match(told, /\n15 of 30: \d+ accepted|\n(2[2-9]|30) of 30: /);
    assert.deepEqual(JSON.parse(await readFile(file, "utf8")), certificate as unknown);

    const { onHand, held, available } = await shadowStock(certificate.rehearsal);
    assert.deepEqual([onHand, held, available], [0, 0, 0]);
    assert.equal((await world.reportOf(lamp)).onHand, 5, "real stock is as it was");
    const late = await world.as("ada").post("/orders", { productId: `${certificate.rehearsal}-1`, quantity: 1 });
    assert.equal(late.status, 409, JSON.stringify(late.body));
  });

  test("takes prices, limits and hold of a drop, and none of its units", async () => {
    const opensAt = new Date(Date.now() + 3_600_000).toISOString();
    const closesAt = new Date(Date.now() + 7_200_000).toISOString();
    const drop = { dropId: "lamps", name: "Lamps", zone: "Etc/UTC", opensAt, closesAt, holdSeconds: 300 };
    const made = await world.admin.post("/drops", { ...drop, products: [{ productId: lamp }] });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const { certificate, printed } = await hold({ dropId: "lamps", buyers: 6, faults: [], json: true });
    assert.equal((JSON.parse(printed) as Certificate).clean, true, printed);
    const shadow = await world.nobody.get<{ holdSeconds: number; phase: string }>(`/drops/${certificate.rehearsal}`);
    assert.deepEqual([shadow.body.holdSeconds, shadow.body.phase], [300, "cancelled"]);
    const product = await world.nobody.get<{ price: number }>(`/products/${certificate.rehearsal}-1`);
    assert.equal(product.body.price, 1_999);
    assert.equal((await world.reportOf(lamp)).onHand, 5);
  });

  test("is not clean if a unit is taken out of the books behind its back", async () => {
    let over = false;
    const planting = eventually(async () => {
      const changed = await books.query(
        "update inventory.stock set total_in = total_in - 1 where product_id like 'rehearsal-%-2' and total_in = 7 and sold = 0",
      );
      return over || changed.rowCount === 1;
    });
    const { certificate, printed } = await hold({ buyers: 12, patienceSeconds: 1 });
    over = true;
    await planting;
    assert.equal(certificate.clean, false, printed);
    assert.match(printed, /✗ lost units: .*\n {6}rehearsal-\w+-2: \d+ brought in, and should be 7/);
    assert.match(printed, /✗ Not clean: \d+ of \d+ laws are broken\.$/);
  });

  test("is refused at a shop of real people, with the signs, unless it is told that this is meant", async () => {
    const real = readConfig(
      {
        JWT_SECRET: world.secret,
        PUBLIC_URL: "https://shop.example",
        SMTP_URL: "smtp://mail.example",
        MAIL_FROM: "shop@shop.example",
      },
      "no .env in tests",
    );
    const options = { url: world.origin, buyers: 1, seconds: 0, patienceSeconds: 5, faults: [], dropId: undefined };
    const rest = { onProduction: false, json: false, file: undefined };
    const silent = createProgress({ write() {} });
    await assert.rejects(
      rehearse(real, { ...options, ...rest }, silent, () => {}),
      /shop of real people: PUBLIC_URL is https:\/\/shop\.example.*SMTP_URL is set.*--on-production/,
    );
    const meant = await rehearse(real, { ...options, ...rest, onProduction: true }, silent, () => {});
    assert.equal(meant.clean, true);
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
