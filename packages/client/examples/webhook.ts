/**
 * Receives webhooks, checks them, and prints what they tell. Enter its address with `POST /webhooks`.
 *
 *     WEBHOOK_SECRET=whsec_… node examples/webhook.ts 9000
 */
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { verifyWebhook, WebhookVerificationError } from "dropgate-client";

const secret = process.env.WEBHOOK_SECRET ?? "";
const seen = new Set<string>();

createServer(async (request, response) => {
  try {
    const event = verifyWebhook(secret, request.headers, await text(request));
    // Answer first: an event comes again if the answer takes longer than fifteen seconds.
    response.writeHead(204).end();
    const id = String(request.headers["webhook-id"]);
    if (seen.has(id)) return;
    seen.add(id);
    if (event.type === "dropgate.order.confirmed")
      console.log(`${event.data.orderId} is paid: ${event.data.totalMinor}`);
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error;
    response.writeHead(401).end();
  }
}).listen(Number(process.argv[2] ?? 9000), "127.0.0.1", () => console.log("listening"));
