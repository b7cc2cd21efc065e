/** The provider alone decides a payment, and only it can report one. */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { signWebhook } from "#platform/standard-webhooks";
import type { Order, Problem } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { payOrder } from "../support/pay.ts";
import { openWorld, type World } from "../support/world.ts";
import { createTableSums } from "./table-sums.ts";

const secret = "a webhook secret for tests only";
const fiveMinutes = 5 * 60_000;

describe("a webhook", () => {
  let world: World;
  let orderId: string;
  let paymentId: string;
  let body: string;
  let tableSums: () => Promise<Map<string, string>>;
  before(async () => {
    world = await openWorld({ settings: { PAYMENT_WEBHOOK_SECRET: secret } });
    const productId = await world.newProduct({ stock: 5 });
    const ada = world.as("ada");
    ({ orderId } = await world.place(ada, productId));
    await world.untilStatus(ada, orderId, "PAYMENT_PENDING");
    // The bank declines the card, so a webhook that claims the opposite would be worth something.
    const paying = await payOrder<{ paymentId: string }>(ada, orderId, {
      cardNumber: "4000000000000010",
    });
    assert.equal(paying.status, 202, JSON.stringify(paying.body));
    ({ paymentId } = paying.body);
    await eventually(async () => {
      const { payment, timeline } = (await ada.get<Order>(`/orders/${orderId}`)).body;
      return payment?.status === "declined" && timeline.some(({ status }) => status === "PAYMENT_DECLINED");
    });
    const sql = world.system.faces.engines.sql("payment", 1);
    tableSums = await createTableSums(sql);
    body = claimOf({});
    await untilQuiet();
  });
  after(() => world.close());

  function claimOf(said: object): string {
    const data = {
      paymentId,
      chargeId: "ch_forged",
      status: "authorized",
      amountMinor: 1_999,
      currency: "EUR",
      ...said,
    };
    return JSON.stringify({ type: "charge.authorized", timestamp: new Date().toISOString(), data });
  }

  async function untilQuiet(): Promise<void> {
    let before = await tableSums();
    for (let quiet = 0; quiet < 3; ) {
      await sleep(300);
      const now = await tableSums();
      quiet = [...now].every(([table, sum]) => before.get(table) === sum) ? quiet + 1 : 0;
      before = now;
    }
  }

  const post = (bytes: string, headers: Record<string, string>, provider = "simulator") =>
    world.anonymous.raw<Problem>("POST", `/payments/webhooks/${provider}`, bytes, headers);
  const signed = (bytes = body, atMs = Date.now(), id = "evt_1") => signWebhook(secret, id, Buffer.from(bytes), atMs);

  /** The law of all cases below. */
  function refused(title: string, code: string, send: () => ReturnType<typeof post>) {
    test(`${title}: ${code}, and nothing changes`, async () => {
      const before = await tableSums();
      const answer = await send();
      assert.equal(answer.body.code, code, JSON.stringify(answer.body));
      assert.match(answer.headers["content-type"] ?? "", /^application\/problem\+json/);
      assert.deepEqual(await tableSums(), before);
      const { body: order } = await world.as("ada").get<Order>(`/orders/${orderId}`);
      assert.equal(order.status, "PAYMENT_PENDING");
    });
  }

  refused("without any header", "bad_signature", () => post(body, {}));
  for (const name of ["webhook-id", "webhook-timestamp", "webhook-signature"] as const) {
    refused(`without ${name}`, "bad_signature", () => {
      const { [name]: _, ...others } = signed();
      return post(body, others);
    });
    refused(`with an empty ${name}`, "bad_signature", () => post(body, { ...signed(), [name]: "" }));
  }
  refused("signed with another secret", "bad_signature", () =>
    post(body, signWebhook("another secret of some length", "evt_1", Buffer.from(body), Date.now())),
  );
  refused("signed with the secret that signs tokens", "bad_signature", () =>
    post(body, signWebhook("a secret for tests that has more than 32 bytes", "evt_1", Buffer.from(body), Date.now())),
  );
  refused("of a body that was changed", "bad_signature", () => post(body.replace("1999", "1"), signed()));
  refused("of a body with a blank more", "bad_signature", () => post(`${body} `, signed()));
  refused("under another id than was signed", "bad_signature", () =>
    post(body, { ...signed(), "webhook-id": "evt_2" }),
  );
  refused("at another time than was signed", "bad_signature", () => {
    const headers = signed();
    return post(body, { ...headers, "webhook-timestamp": String(Number(headers["webhook-timestamp"]) - 1) });
  });
  refused("of six minutes ago", "bad_signature", () => post(body, signed(body, Date.now() - fiveMinutes - 60_000)));
  refused("of six minutes ahead", "bad_signature", () => post(body, signed(body, Date.now() + fiveMinutes + 60_000)));
  for (const time of ["-1", "1e9", "0x10", "1.5", "9".repeat(400), "NaN"]) {
    refused(`with the timestamp ${time.slice(0, 20)}`, "bad_signature", () =>
      post(body, { ...signed(), "webhook-timestamp": time }),
    );
  }
  for (const [title, spoil] of [
    ["of another version", (mac: string) => mac.replace("v1,", "v1a,")],
    ["of no version", (mac: string) => mac.replace("v1,", "")],
    ["that is cut short", (mac: string) => mac.slice(0, -2)],
    ["that is not base64", () => "v1,<<<>>>"],
    ["that is nothing", () => "v1,"],
    ["in a list of hundreds", () => new Array(300).fill(`v1,${"A".repeat(43)}=`).join(" ")],
  ] as const) {
    refused(`with a signature ${title}`, "bad_signature", () => {
      const headers = signed();
      return post(body, { ...headers, "webhook-signature": spoil(headers["webhook-signature"]) });
    });
  }
  refused("whose signature is one of the body alone", "bad_signature", () => {
    const mac = createHmac("sha256", secret).update(body).digest("base64");
    return post(body, { ...signed(), "webhook-signature": `v1,${mac}` });
  });
  refused("for a provider that is not connected", "unknown_provider", () => post(body, signed(), "stripe"));
  refused("for a provider named __proto__", "unknown_provider", () => post(body, signed(), "__proto__"));
  refused("of a mebibyte", "body_too_large", () => {
    const huge = claimOf({ padding: "x".repeat(2 ** 20) });
    return post(huge, signed(huge));
  });

  test("that is signed counts once, whatever the number of repeats", async () => {
    // It names no payment of ours, so only its arrival is stored.
    const bytes = claimOf({ paymentId: "00000000-0000-8000-8000-000000000000" });
    const headers = signed(bytes, Date.now(), "evt_replayed");
    assert.equal((await post(bytes, headers)).status, 200);
    const before = await tableSums();
    for (let time = 0; time < 5; time += 1) assert.equal((await post(bytes, headers)).status, 200);
    assert.deepEqual(await tableSums(), before);
  });

  for (const bytes of [
    ...["", "null", "[]", "{}", "nonsense", "[".repeat(10_000), '{"__proto__":{"status":"captured"}}', "\ufeff{}"],
    ...[JSON.stringify({ type: "\u0000", timestamp: "", data: {} }), '{"type":"\\ud800","timestamp":"","data":{}}'],
  ]) {
    test(`that is signed and meaningless (${JSON.stringify(bytes.slice(0, 30))}) is accepted once and does nothing`, async () => {
      const { status, body: answer } = await post(
        bytes,
        signed(bytes, Date.now(), `evt_${Buffer.from(bytes).toString("hex").slice(0, 40)}`),
      );
      assert.equal(status, 200, JSON.stringify(answer));
      assert.equal((await world.as("ada").get<Order>(`/orders/${orderId}`)).body.status, "PAYMENT_PENDING");
    });
  }

  for (const [what, said] of [
    ["a payment id with a NUL", { paymentId: "nul\u0000" }],
    ["half a surrogate pair", { chargeId: "\ud800", declineReason: "\ud800" }],
    ["an amount that was not requested", { amountMinor: 1 }],
    ["an amount beyond all numbers", { amountMinor: 1e300 }],
  ] as const) {
    test(`that is signed and names ${what} is answered, and confirms nothing`, async () => {
      const bytes = claimOf(said);
      const { status, body: answer } = await post(bytes, signed(bytes, Date.now(), `evt_${what.length}`));
      assert.equal(status, 200, JSON.stringify(answer));
      assert.notEqual((await world.as("ada").get<Order>(`/orders/${orderId}`)).body.status, "CONFIRMED");
    });
  }
});
