/** Opens a response as a stream of server-sent events. */
import type { ServerResponse } from "node:http";
import type { FastifyReply } from "fastify";

/**
 * Takes over the response for server-sent events and sends its headers. Every stream begins here. For HEAD the response
 * ends after its headers and this returns undefined, because a client that reuses the connection would wait for a body
 * for ever.
 */
export function openEventStream(reply: FastifyReply): ServerResponse | undefined {
  reply.hijack();
  const response = reply.raw;
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  });
  if (reply.request.method === "HEAD") {
    response.end();
    return undefined;
  }
  // Without this the reader learns only with the first event that the stream is open.
  response.flushHeaders();
  return response;
}
