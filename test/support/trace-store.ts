/** A trace store of the test's own on loopback: it takes spans by OTLP over HTTP, in JSON, and answers which it has. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

export type StoredSpan = {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  kind: number;
  links: { traceId: string; spanId: string }[];
  status: { code: number; message?: string };
  fields: Record<string, unknown>;
};

export type TraceStore = Awaited<ReturnType<typeof openTraceStore>>;

type Value = Record<string, unknown>;
type Attributes = { key: string; value: Value }[];
type Sent = Omit<StoredSpan, "fields"> & { attributes: Attributes };
type Export = {
  resourceSpans: { resource: { attributes: Attributes }; scopeSpans: { spans: Sent[] }[] }[];
};

export async function openTraceStore() {
  const spans: StoredSpan[] = [];
  const asked: { path: string; headers: IncomingHttpHeaders; resource: Record<string, unknown> }[] = [];
  let status: number | undefined = 200;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    // A store that hangs takes the bytes and says nothing.
    if (status === undefined) return;
    if (status !== 200) return void response.writeHead(status).end();
    const sent = JSON.parse(Buffer.concat(chunks).toString()) as Export;
    for (const { resource, scopeSpans } of sent.resourceSpans) {
      asked.push({
        path: request.url ?? "",
        headers: request.headers,
        resource: fieldsOf(resource.attributes),
      });
      for (const { attributes, ...span } of scopeSpans.flatMap((scope) => scope.spans)) {
        spans.push({ ...span, links: span.links ?? [], fields: fieldsOf(attributes) });
      }
    }
    response.setHeader("content-type", "application/json").end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    asked,
    of: (traceId: string) => spans.filter((span) => span.traceId === traceId),
    /** From now on it takes the bytes and answers nothing. */
    hang() {
      status = undefined;
    },
    /** From now on it answers that it takes none. */
    refuse() {
      status = 400;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function fieldsOf(attributes: Attributes): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
