import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { line } from "#platform/wire";
import { seeded } from "../../test/support/seeded.ts";
import { linesOf, readRows } from "./restock-file.ts";
import { openWarehouseStage, type WarehouseStage } from "./warehouse.testing.ts";

let stage: WarehouseStage;
before(async () => {
  stage = await openWarehouseStage();
});
after(() => stage.close());

function send(text: string, by = stage.linus) {
  return by("POST", "/inventory/restock.csv", text, "text/csv");
}
async function onHand(productId: string): Promise<number | undefined> {
  return (await stage.inventory.books.stock(productId))?.onHand;
}

async function newProduct(barcode: string | null = null): Promise<string> {
  const productId = await stage.newProduct();
  await stage.catalog.create({ productId, name: "Lamp", unitPriceMinor: 1, currency: "EUR", barcode });
  return productId;
}

test("a file brings its rows in, and the same file counts once, also if another person sends it again", async () => {
  const [lamp, desk] = [await newProduct(), await newProduct("400 638")];
  const file = `\ufeffcode,quantity,reason\r\n${lamp},20,"delivery, the first"\r\n"400 638",3\r\n\r\n${lamp},2,more`;
  const first = await send(file);
  assert.equal(first.status, 200, JSON.stringify(first.body));
  assert.deepEqual(first.body, {
    items: [
      { line: 2, ok: true, productId: lamp, quantity: 20, repeated: false },
      { line: 3, ok: true, productId: desk, quantity: 3, repeated: false },
      { line: 5, ok: true, productId: lamp, quantity: 2, repeated: false },
    ],
    entered: 3,
    refused: 0,
  });
  const again = await Promise.all([send(file), send(file, stage.as("mona"))]);
  for (const { body } of again) assert.ok(body.items.every((row: { repeated: boolean }) => row.repeated));
  assert.deepEqual([await onHand(lamp), await onHand(desk)], [22, 3]);
  await send(`${file}\n`);
  assert.equal(await onHand(lamp), 44);
});

test("A4: a row that is wrong says why, and the others are entered", async () => {
  const lamp = await newProduct();
  const [one, other] = [await newProduct("twin"), await newProduct("twin")];
  const rows = [`${lamp};5`, "no-such-thing;1", `${lamp};0`, `${lamp};1.5`, `${lamp};-3`, `${lamp};`, lamp];
  const { body } = await send(
    [...rows, "twin;1", `"${lamp};1`, ";4", `${lamp};9999999999`, `${lamp};6;ok`, `${lamp};1;a\u202eb`].join("\n"),
  );
  const said = Object.fromEntries(body.items.map((row: { line: number; error?: string }) => [row.line, row.error]));
  assert.deepEqual([body.entered, body.refused], [2, 11]);
  assert.match(said[2], /No product has the code no-such-thing/);
  for (const line of [3, 4, 5, 6, 11]) assert.match(said[line], /Write a whole number/);
  assert.match(said[7], /1 cell\. /);
  assert.match(said[8], new RegExp(`${one} and ${other}`));
  assert.match(said[9], /not closed/);
  assert.match(said[10], /no code/);
  assert.match(said[13], /Its reason .* has others than text/);
  assert.equal(await onHand(lamp), 11);
});

test("a quantity with a comma in it is refused, not entered as its first digits", async () => {
  const lamp = await newProduct();
  const bare = await send(`${lamp},1,000\n${lamp},12,500 \n${lamp},2,"300"\n${lamp},1234,567`);
  const refusedIn = ({ items }: { items: { ok: boolean; line: number }[] }) =>
    items.filter(({ ok }) => !ok).map(({ line }) => line);
  assert.deepEqual(refusedIn(bare.body), [1, 2]);
  assert.match(bare.body.items[0].error, /Its quantity seems to be 1,000/);
  const [, quoted] = /in quotation marks: (.*)\.$/.exec(bare.body.items[1].error) ?? [];
  assert.equal(quoted, '"500"', bare.body.items[1].error);
  assert.equal(readRows([`${lamp},12,${quoted}`])[0]?.ok, true, "the row as the refusal says is refused too");
  assert.equal(await onHand(lamp), 1_236);
  const headed = await send(`code,quantity\n${lamp},5\n${lamp},1,more`);
  assert.deepEqual(refusedIn(headed.body), [3]);
  assert.match(headed.body.items[1].error, /3 cells, and the first line of the file names 2/);
  assert.equal(await onHand(lamp), 1_241);
});

test("a body that is no file of rows is refused as a whole, and nothing is entered", async () => {
  const lamp = await newProduct();
  const many = Array.from({ length: 501 }, () => `${lamp},1`).join("\n");
  for (const text of ["\n", " \r\n\n", `${lamp},1,a\0b`, many])
    assert.equal((await send(text)).body.code, "validation");
  assert.equal((await stage.linus("POST", "/inventory/restock.csv")).body.code, "validation");
  const typed = await stage.linus("POST", "/inventory/restock.csv", { code: lamp, quantity: 1 });
  assert.ok(typed.status === 400 || typed.status === 415, JSON.stringify(typed.body));
  const plain = await stage.linus("POST", "/inventory/restock.csv", `${lamp},1`, "text/plain");
  assert.deepEqual([plain.status, plain.body.detail], [415, "The body must be text/csv"]);
  assert.equal(
    (await stage.as("ada", "CUSTOMER")("POST", "/inventory/restock.csv", `${lamp},1`, "text/csv")).status,
    403,
  );
  assert.equal(await onHand(lamp), 0);
});

test("cells in quotation marks come back as they were written", () => {
  const cell = fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
    .filter((text) => !/[\p{Cc}\p{Cs}]/u.test(text) && text.trim() === text && text !== "");
  const reason = cell.filter((text) => new RegExp(line, "u").test(text));
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, fc.integer({ min: 1, max: 999 }), reason), { minLength: 1 }), (rows) => {
      const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
      const text = ["code,quantity,reason", ...rows.map(([a, n, b]) => `${quoted(a)},${n},${quoted(b)}`)].join("\n");
      const read = readRows(linesOf(text));
      const expected = rows.map(([code, quantity, reason], i) => ({ line: i + 2, ok: true, code, quantity, reason }));
      assert.deepEqual(read, expected);
    }),
    seeded(),
  );
});
