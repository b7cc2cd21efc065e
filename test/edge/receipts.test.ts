/** Receipts of orders, as a buyer, support and an outsider check them. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { readStatement } from "#fairness";
import { orderIdFor } from "#orders";
import { armCrashPoint, disarmCrashPoints } from "#platform/crash-points";
import type { BlackBoxView } from "#wire/desk";
import type { SignedText } from "#wire/fairness";
import { checkReceipt } from "../../src/cli/receipt.ts";
import { readByPython, withoutPython } from "../fair/python.ts";
import { eventually } from "../support/eventually.ts";
import { openWorld, type World } from "../support/world.ts";

describe("a receipt", () => {
  let world: World;
  let folder: string;
  let key: string;
  let lamp: string;
  before(async () => {
    world = await openWorld();
    folder = await mkdtemp(join(tmpdir(), "dropgate-receipt-"));
    key = await save("key.json", { publicKey: world.system.faces.identity.signing.publicKey });
    lamp = await world.newProduct({ stock: 9 });
  });
  after(async () => {
    await world?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function save(name: string, content: unknown): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, JSON.stringify(content));
    return path;
  }

  /** `dropgate receipt FILE`, without the process around it. */
  async function check(content: unknown, keyFile = key) {
    const lines: string[] = [];
    const holds = await checkReceipt({ file: await save("receipt.json", content), key: keyFile }, (one) =>
      lines.push(one),
    );
    return { holds, says: lines.join("\n") };
  }

  async function newOrder(user: string) {
    const buyer = world.as(user);
    const { orderId } = await world.place(buyer, lamp);
    await world.untilStatus(buyer, orderId, "PAYMENT_PENDING");
    return { buyer, orderId };
  }

  async function receiptOf(user: string, orderId: string): Promise<SignedText> {
    const { status, body } = await world.as(user).get<SignedText>(`/orders/${orderId}/receipt`);
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  }

  async function refusedTo(user: string, request: object, headers: Record<string, string>) {
    const answer = await world.as(user).post<{ code: string; receipt?: SignedText }>("/orders", request, headers);
    return { body: answer.body, applied: answer.headers["preference-applied"] };
  }

  test("says that an order was accepted, by which reservation, and how it stands; the books say the same", async () => {
    const { buyer, orderId } = await newOrder("ada");
    const receipt = await receiptOf("ada", orderId);
    const [order] = await world.system.faces.orders.booked([orderId]);
    const { said } = readStatement(receipt.text) ?? assert.fail(receipt.text);
    assert.deepEqual(
      [said.orderId, said.userId, said.productId, said.quantity, said.status, said.reason],
      [orderId, "ada", lamp, "1", "PAYMENT_PENDING", "-"],
    );
    assert.deepEqual([said.epoch, said.reservationNo], [String(order?.epoch), String(order?.reservationNo)]);
    const { holds, says } = await check(receipt);
    assert.ok(holds, says);
    assert.match(says, new RegExp(`Order ${orderId} was accepted: 1 × ${lamp} for ada at 1999 EUR each`));

    await buyer.post(`/orders/${orderId}/cancel`);
    const later = await eventually(async () => {
      const { text } = await receiptOf("ada", orderId);
      return readStatement(text)?.said.status === "CANCELLED" && text;
    });
    assert.equal(readStatement(later)?.said.reason, "cancelled_by_customer");
    assert.ok((await check(receipt)).holds, "the earlier one stays true");
    assert.ok((await check(receipt, world.origin)).holds, "by the key that the shop publishes");
  });

  test("of an order that is accepted at this moment waits for the books", async () => {
    const { orderId } = await world.place(world.as("bob"), lamp);
    assert.equal(readStatement((await receiptOf("bob", orderId)).text)?.said.orderId, orderId);
  });

  test("of an order that failed before it was accepted is a no", async () => {
    const request = { productId: lamp, quantity: 1 };
    armCrashPoint("place.reserved", { kind: "error" });
    const { body } = await world.as("cleo").post<{ code: string }>("/orders", request, { "idempotency-key": "doomed" });
    disarmCrashPoints();
    assert.equal(body.code, "order_failed");
    const orderId = orderIdFor({ userId: "cleo", productId: lamp, key: "doomed" });
    const receipt = await receiptOf("cleo", orderId);
    assert.equal(readStatement(receipt.text)?.kind, "refused");
    assert.match(
      (await check(receipt)).says,
      /An order of 1 × \S+ for \w+ was refused at .*: order_failed\. Nothing was taken/,
    );
  });

  test("a refusal is signed for a buyer who asks for it, with the state of the gate that the books can confirm", async () => {
    const vase = await world.newProduct({ stock: 2 });
    const first = await world.place(world.as("hugo"), vase, 2);
    await world.untilAtRest(vase);
    const request = { productId: vase, quantity: 1 };
    const cheap = await refusedTo("ines", request, {});
    assert.deepEqual([cheap.body.code, cheap.body.receipt, cheap.applied], ["sold_out", undefined, undefined]);

    const { body, applied } = await refusedTo("ines", request, { prefer: "respond-async, receipt" });
    assert.deepEqual([body.code, applied], ["sold_out", "receipt"]);
    const receipt = body.receipt ?? assert.fail("it is signed");
    const { said } = readStatement(receipt.text) ?? assert.fail(receipt.text);
    assert.deepEqual(
      [said.userId, said.productId, said.reason, said.by, said.sellable, said.held],
      ["ines", vase, "sold_out", "gate", "0", "0"],
    );
    const [row] = await world.system.faces.engines
      .sql("inventory", 1)
      .query<{ epoch: number; available: number }>(
        "select epoch, available_after::int as available from inventory.stock_stream where product_id = $1 and seq = $2",
        [vase, said.position],
      );
    assert.deepEqual([String(row?.epoch), row?.available], [said.epoch, Number(said.sellable) + Number(said.pending)]);
    const { holds, says } = await check(body);
    assert.ok(holds, says);
    assert.match(
      says,
      /An order of 1 × \S+ for \w+ was refused at .*: sold_out.*\nDecided by the gate in epoch \d+, after row \d+.*: 0 units free/,
    );
    assert.ok(first.orderId);
  });

  test("each kind of no says who decided it", async () => {
    const prefer = { prefer: "receipt" };
    const kinds: [who: string, request: object, by: string, code: string][] = [
      ["jan", { productId: lamp, quantity: 1, expectedTotal: 1 }, "gate", "price_changed"],
      ["jan", { productId: "nothing", quantity: 1 }, "shop", "product_not_found"],
    ];
    for (const [who, request, by, code] of kinds) {
      const { body } = await refusedTo(who, request, prefer);
      assert.equal(body.code, code);
      assert.equal(readStatement(body.receipt?.text ?? "")?.said.by, by, code);
    }
    const invalid = await refusedTo("jan", { productId: lamp, quantity: 0 }, prefer);
    assert.deepEqual([invalid.body.code, invalid.body.receipt], ["validation", undefined]);
  });

  test("an order that is accepted has no receipt in its answer, whatever it prefers", async () => {
    const answer = await world.as("kim").post("/orders", { productId: lamp, quantity: 1 }, { prefer: "receipt" });
    assert.deepEqual([answer.status, answer.headers["preference-applied"]], [202, undefined]);
  });

  test("is given to the order's buyer and to an ADMIN", async () => {
    const { orderId } = await newOrder("dora");
    assert.equal((await world.as("eve").get(`/orders/${orderId}/receipt`)).status, 404);
    assert.equal((await world.anonymous.get(`/orders/${orderId}/receipt`)).status, 401);
    const { status, body } = await world.admin.get<SignedText>(`/orders/${orderId}/receipt`);
    assert.equal(status, 200);
    assert.equal(readStatement(body.text)?.said.userId, "dora");
  });

  test("that was changed, or is of another shop, does not hold", async () => {
    const { orderId } = await newOrder("finn");
    const receipt = await receiptOf("finn", orderId);
    const forged = await check({ ...receipt, text: receipt.text.replace("\n1\n", "\n2\n") });
    assert.equal(forged.holds, false);
    assert.match(forged.says, /✗ signature/);
    const values = receipt.text.split("\n");
    for (let i = 2; i < values.length - 1; i += 1) {
      const changed = await check({ ...receipt, text: values.with(i, "x").join("\n") });
      assert.equal(changed.holds, false);
      assert.match(changed.says, /✗ signature[\s\S]*At .* it was /, `line ${i + 1}`);
    }
    const otherKey = await save("other.json", { publicKey: Buffer.alloc(32, 1).toString("base64url") });
    assert.equal((await check(receipt, otherKey)).holds, false);
    await assert.rejects(check({ text: "yes", signature: "" }), /cannot read: yes/);
    await assert.rejects(check({ orderId }), /holds no receipt/);
  });

  test("a black box is a chain: an entry that is changed is named, and a shorter chain is not the signed one", async () => {
    const { orderId } = await newOrder("gwen");
    const { body: box } = await world.admin.get<BlackBoxView>(`/admin/black-box/${orderId}`);
    const whole = await check(box);
    assert.ok(whole.holds, whole.says);
    assert.match(whole.says, new RegExp(`✓ chain +${box.lines.length} entries, unchanged`));

    const second = box.lines[1] ?? assert.fail("an order has more than one entry");
    const changed = await check({ ...box, lines: box.lines.with(1, { ...second, says: "9 units claimed" }) });
    assert.equal(changed.holds, false);
    assert.match(changed.says, /✗ chain +entry 2 was changed.*9 units claimed/);
    const shorter = await check({ ...box, lines: box.lines.slice(0, -1) });
    assert.match(shorter.says, new RegExp(`✗ chain +${box.lines.length} entries were signed`));
  });

  test("is checked by a page of Python, too", { skip: withoutPython }, async () => {
    const { orderId } = await newOrder("žofie");
    const { publicKey } = world.system.faces.identity.signing;
    const receipt = await receiptOf("žofie", orderId);
    const { holds, said, why } = await readByPython(await save("python.json", receipt), publicKey);
    assert.ok(holds, why);
    assert.deepEqual(said, receipt.text.trimEnd().split("\n"));
    const forged = { ...receipt, text: receipt.text.replace("žofie", "ada") };
    const refused = await readByPython(await save("forged.json", forged), publicKey);
    assert.equal(refused.holds, false);
    assert.match(refused.why, /did not sign this/);
    const cut = await readByPython(await save("cut.json", { ...receipt, signature: "a" }), publicKey);
    assert.match(cut.why, /^the shop's key did not sign this$/);

    const { body: box } = await world.admin.get<BlackBoxView>(`/admin/black-box/${orderId}`);
    assert.ok((await readByPython(await save("box.json", box), publicKey)).holds);
    const lines = box.lines.map((line, i) => (i === 1 ? { ...line, says: "" } : line));
    assert.equal((await readByPython(await save("box.json", { ...box, lines }), publicKey)).why, "entry 2 was changed");
  });
});
