import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { systemClock } from "#platform/clock";
import { createHttp, type Http } from "#platform/http";
import { createLog } from "#platform/log";
import { until } from "../../test/support/until.ts";
import { readConfig } from "../config/config.ts";
import { createGateway } from "../gateway/gateway.ts";
import { servePages } from "./pages.ts";
import { openSite, type SiteState } from "./site.ts";

const log = createLog({ level: "silent" });

describe("the pages", () => {
  const root = mkdtempSync(join(tmpdir(), "dropgate-pages-"));
  let state: SiteState = { is: "ready" };
  let app: Http;

  before(async () => {
    const dist = join(root, "web/dist");
    for (const folder of ["assets", "art"]) mkdirSync(join(dist, folder), { recursive: true });
    const shell = '<script nonce="NONCE-OF-THIS-ANSWER"></script><meta nonce="NONCE-OF-THIS-ANSWER">';
    const files = {
      "shop.html": "<h1>Shop</h1>",
      "console.html": shell,
      "wait.html": "<style>p{}</style><script type=module>let line;</script><h1>Line</h1>",
      "assets/shop-1a2b.js": "let shop;",
      "art/mark.svg": "<svg/>",
    };
    for (const [path, text] of Object.entries(files)) {
      writeFileSync(join(dist, path), text);
      writeFileSync(join(dist, `${path}.gz`), gzipSync(text));
    }
    writeFileSync(join(dist, "sources.txt"), "hash");
    writeFileSync(join(root, "secret.txt"), "secret");
    app = await createHttp({ log, clock: systemClock, openApi: { title: "Pages", version: "1" } });
    app.get("/products", async () => ({ products: [] }));
    const site = openSite({ log, root });
    await servePages(app, { ...site, state: () => state });
  });
  after(async () => {
    await app.close();
    rmSync(root, { recursive: true, force: true });
  });

  async function get(url: string, headers: Record<string, string> = {}) {
    const { statusCode, headers: said, body } = await app.inject({ url, headers });
    return { status: statusCode, said, body };
  }

  test("are one file at every address of a page, asked about before each use", async () => {
    for (const url of ["/", "/p/lamp", "/d/lamps", "/o/9f86d081-884c-8d65-9a2f-eaa0c55ad015", "/me", "/me?from=mail"]) {
      const { status, said, body } = await get(url);
      assert.deepEqual([status, body, said["cache-control"]], [200, "<h1>Shop</h1>", "no-cache"], url);
      assert.match(String(said["content-type"]), /^text\/html/);
    }
    const { said } = await get("/");
    assert.equal((await get("/", { "if-none-match": String(said.etag) })).status, 304);
  });

  test("of the console are one file, which no cache keeps and whose nonce no other answer has", async () => {
    const seen = new Set<string>();
    for (const url of ["/console", "/console/orders?status=CONFIRMED", "/console/products/lamp"]) {
      const { status, said, body } = await get(url, { "accept-encoding": "gzip" });
      assert.deepEqual([status, said["cache-control"], said.etag], [200, "no-store", undefined], url);
      assert.match(String(said["content-type"]), /^text\/html/);
      const [, nonce = ""] =
        /style-src 'self' 'nonce-([0-9a-f]{32})'/.exec(String(said["content-security-policy"])) ?? [];
      assert.equal(body, `<script nonce="${nonce}"></script><meta nonce="${nonce}">`);
      assert.match(String(said["content-security-policy"]), /script-src 'self';/);
      seen.add(nonce);
    }
    assert.equal(seen.size, 3);
  });

  test("of the line are one file that caches keep, and the policy names its script and style by their hashes", async () => {
    const { status, said, body } = await get("/d/lamps/wait");
    assert.deepEqual([status, said["cache-control"]], [200, "public, max-age=60, stale-if-error=86400"]);
    assert.match(body, /<h1>Line<\/h1>/);
    const hashOf = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
    const policy = String(said["content-security-policy"]).split("; ");
    assert.ok(policy.includes(`script-src ${hashOf("let line;")} 'self'`), policy.join("\n"));
    assert.ok(policy.includes(`style-src ${hashOf("p{}")}`));
    assert.equal((await get("/d/lamps/fair")).body, "<h1>Shop</h1>");
  });

  test("keep files whose names change with their bytes for ever, and come compressed", async () => {
    const { status, said } = await get("/assets/shop-1a2b.js", { "accept-encoding": "gzip" });
    assert.equal(status, 200);
    assert.equal(said["cache-control"], "public, max-age=31536000, immutable");
    assert.equal(said["content-encoding"], "gzip");
    assert.equal(said.vary, "accept-encoding");
    assert.equal((await get("/art/mark.svg")).said["cache-control"], "public, max-age=3600");
  });

  test("say what a browser may do with them, also where there is nothing", async () => {
    for (const url of ["/", "/assets/shop-1a2b.js", "/assets/gone.js"]) {
      const { said } = await get(url);
      assert.match(
        String(said["content-security-policy"]),
        /^default-src 'none'; script-src 'self'; .*frame-ancestors/,
      );
      assert.equal(said["x-content-type-options"], "nosniff");
      assert.equal(said["referrer-policy"], "same-origin");
      assert.equal(said["cross-origin-opener-policy"], "same-origin");
      assert.equal(said["strict-transport-security"], undefined);
    }
  });

  test("let in Stripe's script and field where Stripe takes the payments, and on no page of the console", async (t) => {
    const stripe = await createHttp({ log, clock: systemClock, openApi: { title: "Pages", version: "1" } });
    t.after(() => stripe.close());
    await servePages(stripe, { ...openSite({ log, root }), state: () => ({ is: "ready" }) }, { stripe: true });
    const policyAt = async (url: string) => String((await stripe.inject({ url })).headers["content-security-policy"]);
    assert.match(await policyAt("/o/an-order"), /script-src 'self' https:\/\/js\.stripe\.com; /);
    assert.match(await policyAt("/o/an-order"), /frame-src https:\/\/js\.stripe\.com https:\/\/hooks\.stripe\.com/);
    assert.doesNotMatch(await policyAt("/console"), /stripe/);
    assert.doesNotMatch(String((await get("/o/an-order")).said["content-security-policy"]), /https:/);
  });

  test("tell browsers to come back by https alone, where PUBLIC_URL is https", async (t) => {
    const secure = await createHttp({ log, clock: systemClock, openApi: { title: "Pages", version: "1" } });
    t.after(() => secure.close());
    await servePages(secure, openSite({ log, root }), { publicUrl: "https://shop.example" });
    for (const url of ["/", "/console", "/assets/shop-1a2b.js"]) {
      const { headers } = await secure.inject({ url });
      assert.equal(headers["strict-transport-security"], "max-age=31536000", url);
      assert.match(String(headers["permissions-policy"]), /camera=\(\), geolocation=\(\)/);
    }
  });

  test("lead nowhere else: a file that is not one of theirs is a problem, and no cache keeps it", async () => {
    for (const url of [
      "/assets/gone.js",
      "/assets/",
      "/assets/..%2fsources.txt",
      "/assets/%2e%2e/%2e%2e/%2e%2e/secret.txt",
      "/assets/..%5c..%5csecret.txt",
      "/sources.txt",
      "/shop.html",
      "/console.html",
      "/wait.html",
    ]) {
      const { status, said, body } = await get(url);
      assert.ok(status === 404 || status === 400, `${url} is answered ${status}`);
      assert.match(body, /^\{"type":"urn:dropgate:problem:/, url);
      assert.notEqual(said["cache-control"], "public, max-age=31536000, immutable", url);
    }
  });

  test("say at a mistyped address that there is nothing, to people and to no program", async () => {
    const accept = "text/html,application/xhtml+xml,*/*;q=0.8";
    const { status, said, body } = await get("/dorps/lamps", { accept });
    assert.deepEqual([status, body, said["cache-control"]], [404, "<h1>Shop</h1>", "no-store"]);
    assert.match(String(said["content-type"]), /^text\/html/);
    assert.match(String(said["content-security-policy"]), /^default-src 'none'/);
    for (const [method, headers] of [
      ["GET", {}],
      ["GET", { accept: "*/*" }],
      ["GET", { accept: "application/json" }],
      ["POST", { accept }],
    ] as const) {
      const answer = await app.inject({ method, url: "/dorps/lamps", headers });
      assert.deepEqual([answer.statusCode, answer.json().code], [404, "not_found"], `${method} ${headers}`);
    }
    const head = await app.inject({ method: "HEAD", url: "/dorps", headers: { accept } });
    assert.deepEqual([head.statusCode, head.body], [404, ""]);
    assert.equal((await get("/assets/gone.js", { accept })).status, 404);
  });

  test("say so too at an address that no router can read, and a program hears what is wrong with it", async () => {
    const accept = "text/html,application/xhtml+xml,*/*;q=0.8";
    const tooLong = `/p/${"x".repeat(300)}`;
    for (const url of ["/p/%E0%A4%A", "/orders/%ZZ", "/%", "/console/%ZZ", tooLong]) {
      const { status, said, body } = await get(url, { accept });
      assert.deepEqual([status, body, said["cache-control"]], [404, "<h1>Shop</h1>", "no-store"], url);
      assert.match(String(said["content-type"]), /^text\/html/);
      assert.match(String(said["content-security-policy"]), /^default-src 'none'/);
      const program = await app.inject({ url });
      const expected = url === tooLong ? [404, "not_found"] : [400, "validation"];
      assert.deepEqual([program.statusCode, program.json().code], expected, url);
    }
  });

  test("leave the API's routes alone, whatever a browser accepts", async () => {
    assert.equal((await get("/products", { accept: "text/html" })).body, '{"products":[]}');
    const { statusCode, headers } = await app.inject({ method: "POST", url: "/me" });
    assert.deepEqual([statusCode, headers.allow], [405, "GET, HEAD"]);
  });

  test("stand at the gateway when the services behind it are down", async (t) => {
    const closed = "http://127.0.0.1:1";
    const urls = {
      PRODUCT_URL: closed,
      INVENTORY_URL: closed,
      DROP_URL: closed,
      ORDER_URL: closed,
      PAYMENT_URL: closed,
    };
    const gateway = await createGateway(readConfig(urls, "no .env in tests"), log, { site: openSite({ log, root }) });
    t.after(() => gateway.close());
    assert.equal((await gateway.inject({ url: "/p/lamp" })).body, "<h1>Shop</h1>");
    assert.equal((await gateway.inject({ url: "/products" })).statusCode, 503);
    assert.equal((await gateway.inject({ url: "/d/lamps" })).body, "<h1>Shop</h1>");
  });

  test("ask the service behind the gateway which drops there are", async (t) => {
    const service = createServer((_request, response) => {
      response.writeHead(404, { "content-type": "application/problem+json" }).end('{"code":"drop_not_found"}');
    });
    await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
    t.after(() => service.close());
    const origin = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
    const names = ["PRODUCT_URL", "INVENTORY_URL", "DROP_URL", "ORDER_URL", "PAYMENT_URL"];
    const config = readConfig(Object.fromEntries(names.map((name) => [name, origin])), "no .env in tests");
    const gateway = await createGateway(config, log, { site: openSite({ log, root }) });
    t.after(() => gateway.close());
    // A page does not wait long for the service; on a busy machine the next look finds its answer.
    const { body, headers } = await until(async () => {
      const answer = await gateway.inject({ url: "/d/lamps" });
      return answer.statusCode === 404 && answer;
    });
    assert.deepEqual([body, headers["cache-control"]], ["<h1>Shop</h1>", "no-cache"]);
  });

  test("are answered 503 while they are built, with a page that opens them by itself", async (t) => {
    state = { is: "building" };
    t.after(() => {
      state = { is: "ready" };
    });
    const { status, said, body } = await get("/p/lamp");
    assert.deepEqual([status, said["cache-control"], said["retry-after"]], [503, "no-store", "1"]);
    assert.match(body, /<meta http-equiv="refresh" content="1">/);
    assert.equal((await get("/products")).status, 200);
  });

  test("say how to get them where they were never built and cannot be", async () => {
    const bare = mkdtempSync(join(tmpdir(), "dropgate-bare-"));
    const site = openSite({ log, root: bare });
    rmSync(bare, { recursive: true });
    state = site.state();
    const { status, body } = await get("/");
    state = { is: "ready" };
    assert.equal(status, 503);
    assert.match(body, /npm ci without --omit=dev/);
    assert.doesNotMatch(body, /refresh/);
  });

  test("are served as they are where nothing is there to build them with", () => {
    assert.deepEqual(openSite({ log, root }).state(), { is: "ready" });
  });
});
