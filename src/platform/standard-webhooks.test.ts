import assert from "node:assert/strict";
import { test } from "node:test";
import { Webhook } from "standardwebhooks";
import { createRandomBytes, repeat } from "../../test/support/seeded.ts";
import { signWebhook, verifyWebhook } from "./standard-webhooks.ts";

// The example of the standard's own libraries.
const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const body = Buffer.from('{"test": 2432232314}');
const signedAtMs = 1_614_265_330_000;
const headers = signWebhook(secret, id, body, signedAtMs);

test("a message is signed as the standard's example is", () => {
  assert.equal(headers["webhook-timestamp"], "1614265330");
  assert.equal(headers["webhook-signature"], "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
});

test("the standard's own library accepts our signatures, and we accept its signatures", (t) => {
  t.diagnostic(repeat);
  const { bytes, upTo } = createRandomBytes();
  const random = () => bytes(1 + upTo(98));
  for (let round = 0; round < 100; round += 1) {
    const oneSecret = `whsec_${bytes(24 + upTo(40)).toString("base64")}`;
    const library = new Webhook(oneSecret);
    const [message, said] = [
      `msg_${random().toString("hex")}`,
      Buffer.from(JSON.stringify({ said: `ü😀${random()}` })),
    ];
    const nowMs = Date.now();
    const signed = signWebhook(oneSecret, message, said, nowMs);
    assert.deepEqual(library.verify(said, signed), JSON.parse(said.toString()));
    assert.throws(() => library.verify(Buffer.concat([said, Buffer.from(" ")]), signed), /signature/);
    const theirs = { ...signed, "webhook-signature": library.sign(message, new Date(nowMs), said.toString()) };
    assert.equal(verifyWebhook(oneSecret, theirs, said, nowMs), message);
    assert.deepEqual(theirs, signed);
  }
});

test("a signed message is accepted up to five minutes early or late, and its id is returned", () => {
  assert.equal(verifyWebhook(secret, headers, body, signedAtMs), id);
  assert.equal(verifyWebhook(secret, headers, body, signedAtMs + 300_000), id);
  assert.equal(verifyWebhook(secret, headers, body, signedAtMs - 300_000), id);
  assert.equal(verifyWebhook(secret, headers, body, signedAtMs + 300_001), undefined);
  assert.equal(verifyWebhook(secret, headers, body, signedAtMs - 300_001), undefined);
});

test("one valid signature of several is enough, as during a change of the secret", () => {
  const other = signWebhook("whsec_b3RoZXIgc2VjcmV0", id, body, signedAtMs)["webhook-signature"];
  const both = `${other} v1a,unknown-scheme ${headers["webhook-signature"]}`;
  assert.equal(verifyWebhook(secret, { ...headers, "webhook-signature": both }, body, signedAtMs), id);
  assert.equal(verifyWebhook(secret, { ...headers, "webhook-signature": other }, body, signedAtMs), undefined);
});

test("a change of any signed part is detected", () => {
  const changed = Buffer.from(body);
  changed[0] = 0x5b;
  assert.equal(verifyWebhook(secret, headers, changed, signedAtMs), undefined);
  assert.equal(verifyWebhook(secret, { ...headers, "webhook-id": `${id}x` }, body, signedAtMs), undefined);
  assert.equal(verifyWebhook(secret, { ...headers, "webhook-timestamp": "1614265331" }, body, signedAtMs), undefined);
  assert.equal(verifyWebhook("whsec_b3RoZXIgc2VjcmV0", headers, body, signedAtMs), undefined);
});

test("headers that are missing, doubled or malformed are no signature", () => {
  for (const name of ["webhook-id", "webhook-timestamp", "webhook-signature"] as const) {
    for (const value of [undefined, ["a", "b"], "", "v1", "v1,", "NaN", "1e9", "9".repeat(400)]) {
      assert.equal(verifyWebhook(secret, { ...headers, [name]: value }, body, signedAtMs), undefined, `${name}`);
    }
  }
});
