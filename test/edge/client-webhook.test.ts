/** verifyWebhook of packages/client, with the headers as servers of different kinds have them. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { Webhook } from "standardwebhooks";
import { verifyWebhook, WebhookVerificationError } from "../../packages/client/src/client.ts";

const secret = `whsec_${randomBytes(32).toString("base64")}`;
const body = '{"type":"dropgate.webhook.test","timestamp":"2026-11-30T12:00:00.000Z","data":{"endpointId":"1"}}';

function signed(by = secret): Record<string, string> {
  const at = new Date();
  const timestamp = String(Math.floor(at.getTime() / 1_000));
  return {
    "Webhook-Id": "e1",
    "Webhook-Timestamp": timestamp,
    "Webhook-Signature": new Webhook(by).sign("e1", at, body),
  };
}

describe("verifyWebhook", () => {
  test("takes the headers of a request of node:http as they are", async () => {
    let told: string | undefined;
    const server = createServer(async (request: IncomingMessage, response) => {
      told = verifyWebhook(secret, request.headers, await text(request)).type;
      response.end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await fetch(`http://127.0.0.1:${port}/`, { method: "POST", headers: signed(), body });
    server.closeAllConnections();
    server.close();
    assert.equal(told, "dropgate.webhook.test");
  });

  test("takes the headers of a Request as they are", async () => {
    const request = new Request("http://receiver.example/", { method: "POST", headers: signed(), body });
    assert.equal(verifyWebhook(secret, request.headers, await request.text()).type, "dropgate.webhook.test");
  });

  test("refuses both if they are signed with another secret, or have no signature", () => {
    const wrong = signed(`whsec_${randomBytes(32).toString("base64")}`);
    for (const headers of [new Headers(wrong), wrong, new Headers(), {}]) {
      assert.throws(() => verifyWebhook(secret, headers, body), WebhookVerificationError);
    }
  });
});
