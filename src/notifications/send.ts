/** Sends one webhook: one POST to an address that was checked. It follows no redirect and reads little of the answer. */
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP } from "node:net";
import type { Address } from "#platform/address";
import type { SignedHeaders } from "#platform/standard-webhooks";

export type Sending = {
  url: URL;
  address: Address;
  headers: SignedHeaders & { traceparent?: string };
  body: Buffer;
  signal: AbortSignal;
};
export type Received = { status: number; text: string; retryAfter: string | undefined };

const answerBytes = 1_024;

/** @throws if there is no answer: the connection failed, or the signal came first. */
export async function send({ url, address, headers, body, signal }: Sending): Promise<Received> {
  const open = url.protocol === "https:" ? requestHttps : requestHttp;
  const name = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = open({
    method: "POST",
    // The address and not the name: nothing resolves it a second time. The certificate is still checked by the name.
    host: address.text,
    port: url.port,
    path: `${url.pathname}${url.search}`,
    servername: isIP(name) === 0 ? name : "",
    headers: {
      host: url.host,
      "content-type": "application/json",
      "content-length": body.length,
      "user-agent": "Dropgate-Webhooks",
      ...headers,
    },
    agent: false,
    signal,
  });
  request.on("response", resolve);
  request.on("error", reject);
  // No error comes if the receiver changes the protocol (101): Node closes the connection in silence.
  request.on("close", () => reject(new Error("the connection ended without an answer")));
  request.end(body);
  const response = await promise;
  const text = await beginningOf(response);
  request.destroy();
  return { status: response.statusCode ?? 0, text, retryAfter: response.headers["retry-after"] };
}

/** The status is the answer, so a body that breaks off or goes on for ever changes nothing. */
async function beginningOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let read = 0;
  try {
    for await (const chunk of response) {
      chunks.push(chunk);
      read += chunk.length;
      if (read >= answerBytes) break;
    }
  } catch {
    // It broke off, or the time was over.
  }
  // PostgreSQL stores no NUL.
  return Buffer.concat(chunks).subarray(0, answerBytes).toString().replaceAll("\0", "");
}
