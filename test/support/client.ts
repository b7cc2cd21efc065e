/** A small HTTP client that acts as one person, and the answers of the API as a client sees them. */
import { Agent, request as httpRequest, type RequestOptions } from "node:http";

export type Answer<Body> = { status: number; headers: Headers; body: Body };
export type Headers = Readonly<Record<string, string>>;

/** JSON in, JSON out. A body that is not JSON stays text. */
export type Client = {
  get<Body = Problem>(path: string, headers?: Headers): Promise<Answer<Body>>;
  post<Body = Problem>(path: string, body?: unknown, headers?: Headers): Promise<Answer<Body>>;
  put<Body = Problem>(path: string, body?: unknown, headers?: Headers): Promise<Answer<Body>>;
  patch<Body = Problem>(path: string, body?: unknown, headers?: Headers): Promise<Answer<Body>>;
  /** Sends the bytes unchanged, for requests that no well-behaved client makes. */
  raw<Body = Problem>(
    method: string,
    path: string,
    bytes: string | undefined,
    headers?: Headers,
  ): Promise<Answer<Body>>;
};

export type Problem = {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  orderId?: string;
  errors?: { in: string; pointer: string; detail: string }[];
};
export type PlacedOrder = {
  orderId: string;
  status: string;
  total: number;
  currency: string;
  payBy: string;
  statusUrl: string;
  eventsUrl: string;
};
export type Order = {
  orderId: string;
  productId: string;
  quantity: number;
  price: number;
  total: number;
  currency: string;
  status: string;
  reason?: string;
  placedAt: string;
  payBy: string;
  timeline: { status: string; at: string; reason?: string }[];
  payment?: { status: string; retryable: boolean; declineReason?: string };
};
export type Stock = {
  productId: string;
  onHand: number;
  held: number;
  sold: number;
  available: number;
  gate: number | null;
};
export type Reconciliation = {
  status: "OK" | "WARNING" | "CRITICAL";
  mode: string;
  products: {
    productId: string;
    status: string;
    onHand: number;
    held: number;
    sold: number;
    inFlight: number;
    gate: number | null;
    drift: number;
    explanation: string;
    /** With `?findings=true`. */
    finding?: { kind: string };
    remedy?: string;
  }[];
};
export type StockSync = { products: { productId: string; action: string; epoch: number; sellable: number }[] };

/** Customers share connections, so that a thousand of them in the server's own process leave it time to serve. */
export const crowd = new Agent({ keepAlive: true, maxSockets: 100 });
/** The shop's staff has connections of its own and does not queue behind customers. */
export const staff = new Agent({ keepAlive: true });

/** `origin` is read for each request, because a world that restarts may listen elsewhere. */
export function createClient(origin: () => string, identity: Headers, connections: Agent): Client {
  const raw: Client["raw"] = (method, path, bytes, headers = {}) =>
    exchange(new URL(path, origin()), { method, agent: connections, headers: { ...identity, ...headers } }, bytes);
  const json =
    (method: string) =>
    (path: string, body?: unknown, headers: Headers = {}) =>
      body === undefined
        ? raw<never>(method, path, undefined, headers)
        : raw<never>(method, path, JSON.stringify(body), { "content-type": "application/json", ...headers });
  return {
    get: (path, headers) => raw("GET", path, undefined, headers),
    post: json("POST"),
    put: json("PUT"),
    patch: json("PATCH"),
    raw,
  };
}

/** Every problem that a test gets says what happened or what to do, and not only what its kind is called. */
function saysNoMore({ code, title, detail }: Partial<Problem>): boolean {
  return code !== undefined && title !== undefined && title === detail;
}

function exchange<Body>(url: URL, options: RequestOptions, bytes: string | undefined): Promise<Answer<Body>> {
  return new Promise((resolve, reject) => {
    const length = bytes === undefined ? {} : { "content-length": String(Buffer.byteLength(bytes)) };
    const headers = { ...length, ...(options.headers as Headers) };
    const request = httpRequest(url, { ...options, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        const isJson = /\bjson\b/.test(response.headers["content-type"] ?? "");
        const body = isJson && text !== "" ? JSON.parse(text) : text;
        if (saysNoMore(body))
          reject(new Error(`${options.method} ${url.pathname}: a detail repeats its title: ${text}`));
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers as Record<string, string>,
          body: body as Body,
        });
      });
    });
    request.on("error", (cause) => reject(new Error(`${options.method} ${url.pathname} got no answer`, { cause })));
    request.end(bytes);
  });
}
