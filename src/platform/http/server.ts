/**
 * Sets up Node's own server below the routes: its limits, the id of a request, and requests that never reach a route.
 */
import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { randomHex } from "../ids.ts";
import { type ProblemKind, platformDetails, platformProblems, problemBody } from "../problems.ts";
import { GatheredResponse } from "./answers.ts";

const drainLimitMs = 10_000;

export const requestTimes = {
  // Longer than the usual 60 s of proxies, so that the proxies close idle connections and no request is lost in
  // between.
  keepAliveTimeout: 72_000,
  // A client has 10 s to send a whole request, headers within 5 s of it; slower ones are cut with 408.
  requestTimeout: 10_000,
};

export const httpOptions = {
  headersTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 16_384,
  // Node drops the second of two Authorization headers, but a proxy may have checked that one. So two count as none.
  joinDuplicateHeaders: true,
  // A hook refuses it with a problem.
  requireHostHeader: false,
  ServerResponse: GatheredResponse,
};

/**
 * While closing, a connection ends a second after its last response (Node adds that second) instead of staying idle for
 * 72 s. A client that still sends or reads at the limit is cut, because Node stops checking timeouts once it is closed.
 */
export function endConnectionsOf(server: Server): void {
  server.keepAliveTimeout = 1;
  setTimeout(() => server.closeAllConnections(), drainLimitMs).unref();
}

const saneRequestId = /^[\w.:-]{1,128}$/;
const processName = randomHex(5);
let requests = 0;

/** The caller's own id if it is harmless in a log, else a new unique one. */
export function requestIdOf(request: { headers: IncomingMessage["headers"] }): string {
  const given = request.headers["x-request-id"];
  if (typeof given === "string" && saneRequestId.test(given)) return given;
  requests += 1;
  return `${processName}-${requests.toString(36)}`;
}

/** Node's own response would have no body with the reason. */
export function refuseExpectation(request: IncomingMessage, response: ServerResponse): void {
  const kind = platformProblems.expectation_failed;
  const body = problemBody(kind, platformDetails.expectation_failed, {}, requestIdOf(request));
  response.writeHead(kind.status, {
    "content-type": "application/problem+json; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    connection: "close",
  });
  response.end(body);
}

/** Bytes that are not HTTP never reach a route; Node passes on the bare socket. */
export function answerBrokenHttp(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const [kind, detail] = brokenHttp(error.code);
  const body = problemBody(kind, detail, {}, requestIdOf({ headers: {} }));
  socket.end(
    `HTTP/1.1 ${kind.status} ${STATUS_CODES[kind.status]}\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function brokenHttp(code: string | undefined): [ProblemKind, string] {
  const { headers_too_large, request_timeout, validation } = platformProblems;
  if (code === "HPE_HEADER_OVERFLOW") return [headers_too_large, platformDetails.headers_too_large];
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return [request_timeout, platformDetails.request_timeout];
  return [validation, "The bytes received are not an HTTP request"];
}
