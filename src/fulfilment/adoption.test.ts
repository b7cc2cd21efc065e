import assert from "node:assert/strict";
import { test } from "node:test";
import { type AdoptionOptions, adoptPayments } from "./adoption.ts";

test("thousands of charges of other shops on the account keep no payment of this shop from being adopted", async () => {
  const others = 7_000;
  const chargeOf = (i: number) => ({ orderId: String(i), paymentId: `payment ${i}` });
  const adopted: string[] = [];
  const options = {
    orders: {
      settlement: { drained: async () => {} },
      booked: async (orderIds: readonly string[]) =>
        orderIds
          .filter((id) => Number(id) >= others)
          .map((orderId) => ({ orderId, status: "PAYMENT_PENDING", payBy: new Date() })),
    },
    payment: {
      adoption: {
        refresh: async () => {},
        async *strange() {
          for (let i = 0; i < others; i += 100) yield Array.from({ length: 100 }, (_, at) => chargeOf(i + at));
          yield [chargeOf(others)];
        },
        adopt: async ({ orderId }: { orderId: string }) => void adopted.push(orderId),
      },
    },
  } as unknown as AdoptionOptions;
  const found = await adoptPayments(options, 0, true);
  assert.deepEqual(adopted, [String(others)]);
  assert.equal(found.at(-1)?.becomes, "paid");
  assert.ok(found.length < others, `${found.length} are listed`);
});
