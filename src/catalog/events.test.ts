import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeProductEvent, type ProductEvent, productRecord } from "./events.ts";

const lamp: ProductEvent = {
  id: "lamp:3",
  type: "dropgate.product.changed",
  time: "2030-01-02T03:04:05.678Z",
  data: { productId: "lamp", name: "Lamp", unitPriceMinor: 4999, currency: "EUR", limitPerCustomer: null, version: 3 },
};

test("an event is read as it was written", () => {
  assert.deepEqual(decodeProductEvent(stored()), lamp);
});

test("an event is a CloudEvent in binary mode: attributes in headers, the product in the value", () => {
  const { key, value, headers } = stored();
  assert.equal(key, "lamp");
  assert.deepEqual(JSON.parse(value.toString()), lamp.data);
  assert.deepEqual(headers, {
    ce_specversion: "1.0",
    ce_id: "lamp:3",
    ce_source: "/catalog",
    ce_type: "dropgate.product.changed",
    ce_time: "2030-01-02T03:04:05.678Z",
    "content-type": "application/json",
  });
});

test("an event may have fields of a newer catalog", () => {
  const value = Buffer.from(JSON.stringify({ ...lamp.data, colour: "red" }));
  assert.equal(decodeProductEvent({ ...stored(), value }).data.unitPriceMinor, 4999);
});

test("a record that is not a product event is refused with the reason", async (t) => {
  const { headers } = stored();
  const data = (fields: object) => ({ value: Buffer.from(JSON.stringify({ ...lamp.data, ...fields })) });
  const poisoned: [string, Partial<ReturnType<typeof stored>>, RegExp][] = [
    ["no headers", { headers: {} }, /ce_specversion/],
    ["another version of CloudEvents", { headers: { ...headers, ce_specversion: "0.3" } }, /0\.3/],
    ["a type of another module", { headers: { ...headers, ce_type: "dropgate.order.placed" } }, /ce_type/],
    ["no id", { headers: { ...headers, ce_id: "" } }, /ce_id/],
    ["an empty value", { value: Buffer.alloc(0) }, /not JSON/],
    ["half a value", { value: Buffer.from('{"productId":"la') }, /not JSON/],
    ["a list", { value: Buffer.from("[]") }, /object/],
    ["a price in text", data({ unitPriceMinor: "4999" }), /unitPriceMinor/],
    ["a fraction of a cent", data({ unitPriceMinor: 49.99 }), /unitPriceMinor/],
    ["a price below zero", data({ unitPriceMinor: -1 }), /unitPriceMinor/],
    ["no version", data({ version: undefined }), /version/],
    ["a limit of 0", data({ limitPerCustomer: 0 }), /limitPerCustomer/],
    ["a product other than its key", data({ productId: "chair" }), /chair/],
  ];
  for (const [what, fault, reason] of poisoned) {
    await t.test(what, () => assert.throws(() => decodeProductEvent({ ...stored(), ...fault }), reason));
  }
});

function stored() {
  return { headers: {}, ...productRecord(lamp) };
}
