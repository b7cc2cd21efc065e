/**
 * `npm run web:dev [-- 5173]`: the shop at that port and the console at a free one, with hot reload; the API by
 * `npm start` at PORT (8080).
 */
import { createServer, type InlineConfig } from "vite";
import { portNumber, readOptions, unlessTaken } from "../scripts/options.ts";
import { consoleConfig, shopConfig, webFolder } from "./vite.ts";

const help = `npm run web:dev -- [PORT]

Serves the shop at that port (5173), and the console at a free one, with hot reload. Both ask the API of npm start, at
the port in PORT (8080): run it beside this.

Example: npm run web:dev -- 5180`;

const [asked = "5173"] = readOptions(help, { allowPositionals: true }).positionals;
const port = portNumber("PORT", asked);
const api = `http://127.0.0.1:${process.env.PORT ?? 8080}`;
const proxied = [
  "/products",
  "/images",
  "/drops",
  "/inventory",
  "/orders",
  "/admin",
  "/actuator",
  "/time",
  "/session",
  "/accounts",
  "/account",
  "/parcels",
  "/webhooks",
  "/payments",
];
const dist = `${webFolder}/dist`;

await serve(shopConfig(dist), { port, page: "/shop.html", shownAt: /^\/(?:$|\?|[pdo]\/|(?:me|login|join)(?:$|\?))/ });
// A source of the console has a dot in its path; an address of a page has none. Any free port will do for it.
const consolePage = { port: 0, page: "/console.html", shownAt: /^\/console(?:\/[^.]*)?$/ };
const consoleAt = await serve(consoleConfig(dist), consolePage);
console.log(
  `The pages are at http://localhost:${port}, the console at ${consoleAt}console. Both ask the API at ${api}: run npm start beside this.`,
);

/** Every address of a page is its one file, as in src/pages. Answers where it listens. */
async function serve(config: InlineConfig, { port, page, shownAt }: { port: number; page: string; shownAt: RegExp }) {
  const server = await createServer({
    ...config,
    appType: "spa",
    logLevel: "info",
    server: { port, strictPort: true, proxy: Object.fromEntries(proxied.map((path) => [path, api])) },
    plugins: [
      {
        name: "pages",
        configureServer({ middlewares }) {
          middlewares.use((request, _response, next) => {
            if (shownAt.test(request.url ?? "")) request.url = page;
            next();
          });
        },
      },
    ],
  });
  await unlessTaken(server.listen(), "choose another, as npm run web:dev -- 5180.");
  return server.resolvedUrls?.local[0];
}
