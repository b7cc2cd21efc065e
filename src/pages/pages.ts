/**
 * Serves the pages of the shop and of the console in the process that people reach: the whole system, or the gateway. They
 * are files, so they stand when services and engines do not. Each path is a route of its own: none can hide a route of
 * the API.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Http } from "#platform/http";
import { randomHex } from "#platform/ids";
import { showForNothing } from "#platform/page-for-nothing";
import { Problem, platformProblems } from "#platform/problems";
import { cacheControl, contentSecurityPolicy, type PageOptions, securityHeadersFor } from "./headers.ts";
import { createShopPages } from "./shop-page.ts";
import type { Site, SiteState } from "./site.ts";
import { readWaitPage, type WaitPage } from "./wait-page.ts";

/** All of them are one file: which page it shows is the script's to read from the address. */
const shopPaths = ["/p/:productId", "/d/:dropId/fair", "/o/:orderId", "/me", "/login", "/join", "/reset"];

const noFile = "A page of an earlier release may ask for this file: load the page again.";

const consolePaths = ["/console", "/console/*"];
/** Stands in the built console.html wherever the nonce of an answer belongs: see web/vite.ts. */
const noncePlaceholder = /NONCE-OF-THIS-ANSWER/g;

/** Of a file in one of the two folders: nothing that leads to another one. */
const fileName = /^\w[\w.-]*$/;

export async function servePages(app: Http, site: Site, options: PageOptions = {}): Promise<void> {
  const pages = createShopPages({
    htmlPath: join(site.folder, "shop.html"),
    publicUrl: options.publicUrl,
    // The same address as people ask: it is this process's own, or it is passed on to the service.
    async askApi(path) {
      const { statusCode: status, body } = await app.inject({ url: path });
      return { status, body };
    },
  });

  await app.register(async (scope) => {
    await scope.register(fastifyStatic, {
      root: site.folder,
      serve: false,
      preCompressed: true,
      index: false,
      dotfiles: "deny",
      // It is set here, by the kind of file.
      cacheControl: false,
      // The folder may not be there yet.
      suppressWarning: true,
    });
    scope.addHook("onRequest", (request, reply, done) => {
      reply.headers(securityHeadersFor(request.protocol, options));
      done();
    });
    for (const path of shopPaths) scope.get(path, { schema: { hide: true } }, showShop);
    for (const path of ["/", "/d/:dropId"]) scope.get(path, { schema: { hide: true } }, showWithData);
    scope.get("/d/:dropId/wait", { schema: { hide: true } }, showWaiting);
    for (const path of consolePaths) scope.get(path, { schema: { hide: true } }, showConsole);
    for (const [folder, howLong] of [
      ["assets", cacheControl.hashed],
      ["art", cacheControl.picture],
    ] as const) {
      scope.get(`/${folder}/:name`, { schema: { hide: true } }, (request, reply) => {
        const { name } = request.params as { name: string };
        if (!fileName.test(name)) throw new Problem(platformProblems.not_found, noFile);
        return sendOne(reply, `${folder}/${name}`, howLong);
      });
    }
    scope.setNotFoundHandler(() => {
      throw new Problem(platformProblems.not_found, noFile);
    });
  });

  // Not within the scope, whose hooks and routes it does not pass.
  showForNothing(app, (request, reply) => void showNothing(request, reply).catch((error) => reply.send(error)));

  /** The page says itself that there is nothing, and leads on. */
  async function showNothing(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    reply.headers(securityHeadersFor(request.protocol, options));
    const state = site.state();
    if (state.is !== "ready") return sayWhyNot(reply, state);
    const html = await readFile(join(site.folder, "shop.html"), "utf8");
    reply.code(404).headers({ "cache-control": cacheControl.never, vary: "accept" });
    reply.type("text/html; charset=utf-8").send(html);
  }

  function showShop(_request: unknown, reply: FastifyReply) {
    const state = site.state();
    return state.is === "ready" ? sendOne(reply, "shop.html", cacheControl.page) : sayWhyNot(reply, state);
  }

  async function showWithData(request: FastifyRequest, reply: FastifyReply) {
    if (site.state().is !== "ready") return showShop(request, reply);
    const { dropId } = request.params as { dropId?: string };
    const page = await pages.at(dropId === undefined ? "/" : `/d/${encodeURIComponent(dropId)}`, dropId);
    if (!page) return showShop(request, reply);
    const { status, etag, html, gzipped } = page;
    reply.headers({ "cache-control": cacheControl.page, etag, vary: "accept-encoding" });
    if (status === 200 && request.headers["if-none-match"] === etag) return reply.code(304).send();
    reply.code(status).type("text/html; charset=utf-8");
    if (!/\bgzip\b/.test(request.headers["accept-encoding"] ?? "")) return reply.send(html);
    return reply.header("content-encoding", "gzip").send(gzipped);
  }

  let waiting: WaitPage | undefined;

  function showWaiting(_request: unknown, reply: FastifyReply) {
    const state = site.state();
    if (state.is !== "ready") return sayWhyNot(reply, state);
    waiting ??= readWaitPage(join(site.folder, "wait.html"));
    reply.headers({ "cache-control": cacheControl.waiting, "content-security-policy": waiting.policy });
    return reply.type("text/html; charset=utf-8").send(waiting.html);
  }

  /** Its styles carry a nonce that no other answer has, so no cache may keep it. */
  async function showConsole(_request: unknown, reply: FastifyReply) {
    const state = site.state();
    if (state.is !== "ready") return sayWhyNot(reply, state);
    const nonce = randomHex(16);
    const html = await readFile(join(site.folder, "console.html"), "utf8");
    reply.headers({
      "cache-control": cacheControl.never,
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": contentSecurityPolicy({ nonce }),
    });
    return reply.send(html.replaceAll(noncePlaceholder, nonce));
  }

  function sayWhyNot(reply: FastifyReply, state: Exclude<SiteState, { is: "ready" }>) {
    reply.code(503).headers({ "cache-control": cacheControl.never, "content-type": "text/html; charset=utf-8" });
    if (state.is === "missing") return reply.send(pageOf(state.says));
    reply.header("retry-after", "1");
    return reply.send(pageOf("The shop is being prepared. This page opens it in a few seconds.", "1"));
  }
}

function sendOne(reply: FastifyReply, path: string, howLong: string): FastifyReply {
  reply.header("cache-control", howLong);
  return reply.sendFile(path);
}

/** Plain text of a browser's own: no style, script or font, since none is built. */
function pageOf(sentence: string, reloadSeconds?: string): string {
  const reload = reloadSeconds ? `<meta http-equiv="refresh" content="${reloadSeconds}">` : "";
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">`;
  return `<!doctype html><html lang="en"><head>${head}${reload}<title>Dropgate</title></head><body><h1>Dropgate</h1><p>${sentence}</p></body></html>`;
}
