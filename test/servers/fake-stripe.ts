/**
 * A fake Stripe on loopback, as far as the shop uses it: payment intents, refunds, disputes, keys of idempotency, signed
 * webhooks, and the page of a bank that asks the buyer. It fails where a test wants it to.
 */
import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Books, createBooks, type StripeEvent, StripeFault } from "./fake-stripe-books.ts";

export type Fault =
  /** It acts, and its answer is lost. */
  | "loses the answer"
  /** It acts, and answers 500; for 24 hours it answers the key so. */
  | "acts and answers 500"
  /** It does not act, and answers 500; for 24 hours it answers the key so. */
  | "answers 500"
  /** It does not act, and remembers nothing. */
  | "answers 429";

export type SignedEvent = { body: Buffer; headers: Record<string, string>; type: string };

export type FakeStripe = Books & {
  url: string;
  /** The next requests whose method and path match. */
  fail(what: RegExp, fault: Fault, times?: number): void;
  /** Method and path of each request, in order. */
  asked: string[];
  /** The trace that each request continues, in the same order. */
  traceparents: (string | undefined)[];
  events: StripeEvent[];
  sign(event: StripeEvent, atMs?: number): SignedEvent;
  /** From now on each event is sent there, `copies` times. */
  sendTo(url: string, copies?: number): void;
  close(): Promise<void>;
};

export type FakeStripeOptions = { secretKey: string; webhookSecret: string; now?(): number };

type Answer = { status: number; body: string };

export async function startFakeStripe(options: FakeStripeOptions): Promise<FakeStripe> {
  const { secretKey, webhookSecret, now = Date.now } = options;
  const events: StripeEvent[] = [];
  const asked: string[] = [];
  const traceparents: (string | undefined)[] = [];
  const kept = new Map<string, Answer & { request: string }>();
  const faults: { what: RegExp; fault: Fault; left: number }[] = [];
  const deliveries = new Set<Promise<unknown>>();
  let send: (event: StripeEvent) => void = () => {};
  let url = "";
  const books = createBooks({
    origin: () => url,
    now,
    onEvent(event) {
      events.push(event);
      send(event);
    },
  });

  const server = createServer((request, response) => {
    void answer(request, response).catch((error) => response.destroy(error));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = Buffer.concat(await request.toArray()).toString();
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://fake");
    const [, page, id = "", verdict] = pathname.split("/");
    if (page === "bank") return bankPage(response, id, verdict);
    const said = `${request.method} ${pathname}`;
    asked.push(said);
    traceparents.push(request.headers.traceparent as string | undefined);
    const key = request.headers["idempotency-key"] as string | undefined;
    const isKnown = key !== undefined && kept.has(key);
    const fault = isKnown ? undefined : faultFor(said);
    const result =
      request.headers.authorization === `Bearer ${secretKey}`
        ? perform(said, request.method === "GET" ? searchParams : new URLSearchParams(text), key, text, fault)
        : errorOf(401, { type: "invalid_request_error", message: "Invalid API Key provided" });
    // Stripe's library repeats a request once whose connection was cut, so the repeated one is cut too.
    if (fault === "loses the answer" || (isKnown && faultFor(said) === "loses the answer")) {
      return void request.socket.destroy();
    }
    const replayed = isKnown ? { "idempotent-replayed": "true" } : {};
    response.writeHead(result.status, { "content-type": "application/json", ...replayed }).end(result.body);
  }

  function faultFor(said: string): Fault | undefined {
    const found = faults.find(({ what, left }) => left > 0 && what.test(said));
    if (found) found.left -= 1;
    return found?.fault;
  }

  function perform(said: string, form: URLSearchParams, key: string | undefined, text: string, fault?: Fault): Answer {
    const request = `${said} ${text}`;
    const before = key === undefined ? undefined : kept.get(key);
    if (before && before.request !== request) {
      const message = "Keys for idempotent requests can only be used with the same parameters";
      return errorOf(400, { type: "idempotency_error", message });
    }
    if (before) return before;
    if (fault === "answers 429") return errorOf(429, { type: "rate_limit_error", message: "Too many requests" });
    let result: Answer;
    if (fault === "answers 500") result = failure;
    else result = act(said, fieldsOf(form));
    if (fault === "acts and answers 500") result = failure;
    // Stripe keeps no answer to a request that it did not begin to execute.
    if (key !== undefined && (result.status < 400 || result.status === 402 || result.status >= 500)) {
      kept.set(key, { ...result, request });
    }
    return result;
  }

  function act(said: string, fields: Record<string, unknown>): Answer {
    const [method, , , kind, id = "", verb] = said.split(/[ /]/);
    const isExpanded = JSON.stringify(fields.expand ?? "").includes("latest_charge");
    try {
      return { status: 200, body: JSON.stringify(shown(work())) };
    } catch (error) {
      if (!(error instanceof StripeFault)) throw error;
      return errorOf(error.status, { ...error.error });
    }

    function work(): object {
      if (kind === "payment_intents" && method === "GET") {
        return id ? books.read(id) : books.list(fields);
      }
      if (kind === "payment_intents" && !id) return books.create(fields);
      if (kind === "payment_intents" && verb === "confirm") return books.confirm(id, fields);
      if (kind === "payment_intents" && verb === "capture") return books.capture(id, fields);
      if (kind === "payment_intents" && verb === "cancel") return books.cancel(id);
      if (kind === "refunds" && method === "POST") return books.refund(fields);
      if (kind === "disputes" && id) return books.readDispute(id);
      if (kind === "disputes") {
        return { object: "list", data: books.disputesOf(String(fields.payment_intent)), has_more: false };
      }
      throw new StripeFault(404, { type: "invalid_request_error", code: "unknown", message: `Unrecognized: ${said}` });
    }

    function shown(object: object): object {
      if ("data" in object) return { ...object, data: (object.data as object[]).map(shown) };
      const charge = "latest_charge" in object ? (object.latest_charge as { id: string } | null) : null;
      return charge && !isExpanded ? { ...object, latest_charge: charge.id } : object;
    }
  }

  function bankPage(response: ServerResponse, id: string, verdict: string | undefined): void {
    if (verdict) {
      response.writeHead(303, { location: books.authenticate(id, verdict === "approve") }).end();
      return;
    }
    const links = ["approve", "refuse"].map((word) => `<a href="/bank/${id}/${word}">${word}</a>`).join(" ");
    response.writeHead(200, { "content-type": "text/html" }).end(`<!doctype html><h1>Your bank</h1>${links}`);
  }

  function sign(event: StripeEvent, atMs = now()): SignedEvent {
    const text = JSON.stringify(event);
    const seconds = Math.floor(atMs / 1000);
    const hash = createHmac("sha256", webhookSecret).update(`${seconds}.${text}`).digest("hex");
    const headers = { "content-type": "application/json", "stripe-signature": `t=${seconds},v1=${hash}` };
    return { body: Buffer.from(text), headers, type: event.type };
  }

  async function deliver(event: StripeEvent, target: string): Promise<void> {
    for (let tries = 0; tries < 50; tries += 1) {
      const { body, headers } = sign(event);
      const response = await fetch(target, { method: "POST", body, headers }).catch(() => undefined);
      await response?.arrayBuffer();
      if (response?.ok) return;
      await sleep(100);
    }
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    ...books,
    url,
    asked,
    traceparents,
    events,
    sign,
    fail: (what, fault, times = fault === "loses the answer" ? 2 : 1) => void faults.push({ what, fault, left: times }),
    sendTo(target, copies = 1) {
      send = (event) => {
        for (let copy = 0; copy < copies; copy += 1) {
          const delivery = deliver(event, target).finally(() => deliveries.delete(delivery));
          deliveries.add(delivery);
        }
      };
    },
    async close() {
      await Promise.all(deliveries);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const failure = errorOf(500, { type: "api_error", message: "Something went wrong on our end" });

function errorOf(status: number, error: object): Answer {
  return { status, body: JSON.stringify({ error }) };
}

/** `metadata[a]=b` is a field of a field. */
function fieldsOf(form: URLSearchParams): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of form) {
    const [, outer = name, inner] = /^([^[]+)\[([^\]]*)\]$/.exec(name) ?? [];
    if (inner === undefined) fields[outer] = value;
    else fields[outer] = { ...(fields[outer] as object), [inner]: value };
  }
  return fields;
}
