/**
 * Opens a second port for operators. Paths below `/actuator` and `/admin`, of the whole or of one service, then answer
 * only there, so that a public port can be opened without a proxy that knows these paths.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { answerBrokenHttp, endConnectionsOf, httpOptions, refuseExpectation, requestTimes } from "./http/server.ts";

export type Management = {
  /** Whether a route, by its pattern, answers only at the other port than the one at which the request arrived. */
  isElsewhere(request: IncomingMessage, route: string | undefined): boolean;
  /** Returns the port, also if 0 was given. `handle` is the router of the app. */
  listen(handle: Handle, at: { host: string; port: number }): Promise<number>;
  close(): Promise<void>;
};

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

const belowManagement = /^(?:\/[^/:*]+)?\/(?:actuator|admin)(?:\/|$)/;

/** `path` is the pattern of the route, so no spelling of an address passes this check. */
export function isManagementPath(path: string): boolean {
  return belowManagement.test(path);
}

export function createManagement(): Management {
  const arrivedHere = new WeakSet<IncomingMessage>();
  let server: Server | undefined;
  return {
    isElsewhere: (request, route = "") => isManagementPath(route) !== arrivedHere.has(request),
    async listen(handle, { host, port }) {
      const opened = createServer({ ...requestTimes, ...httpOptions }, (request, response) => {
        arrivedHere.add(request);
        handle(request, response);
      });
      opened.on("clientError", answerBrokenHttp);
      opened.on("checkExpectation", refuseExpectation);
      await new Promise<void>((resolve, reject) => opened.once("error", reject).listen(port, host, resolve));
      server = opened;
      const address = opened.address();
      return address && typeof address === "object" ? address.port : port;
    },
    async close() {
      const closing = server;
      if (!closing) return;
      endConnectionsOf(closing);
      closing.closeIdleConnections();
      await new Promise((resolve) => closing.close(resolve));
    },
  };
}
