/** Shows people a page at an address where there is nothing. A program gets a problem there. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Http } from "./http/app.ts";

/** Answers the request. */
export type PageForNothing = (request: FastifyRequest, reply: FastifyReply) => void;

const pages = new WeakMap<object, PageForNothing>();

export function showForNothing(app: Http, page: PageForNothing): void {
  pages.set(app, page);
}

/** Undefined if this process has no pages, or the caller did not ask for one, as every browser does. */
export function pageForNothing(app: Http, { method, headers }: FastifyRequest): PageForNothing | undefined {
  const isRead = method === "GET" || method === "HEAD";
  return isRead && headers.accept?.includes("text/html") ? pages.get(app) : undefined;
}
