/** `npm run web:dev [-- 5173]`: the pages at that port with hot reload, the API by `npm start` at PORT (8080). */
import { createServer } from "vite";
import { viteConfig, webFolder } from "./vite.ts";

const port = Number(process.argv[2] ?? 5173);
const api = `http://127.0.0.1:${process.env.PORT ?? 8080}`;
const proxied = ["/products", "/orders", "/time", "/session", "/accounts", "/account"];

const server = await createServer({
  ...viteConfig(`${webFolder}/dist`),
  appType: "spa",
  logLevel: "info",
  server: { port, strictPort: true, proxy: Object.fromEntries(proxied.map((path) => [path, api])) },
  plugins: [
    {
      name: "pages",
      // Every address of a page is the one file, as in src/pages/pages.ts.
      configureServer({ middlewares }) {
        middlewares.use((request, _response, next) => {
          if (/^\/(?:$|\?|[po]\/|me(?:$|\?))/.test(request.url ?? "")) request.url = "/shop.html";
          next();
        });
      },
    },
  ],
});
await server.listen();
console.log(`The pages are at http://localhost:${port}, and ask the API at ${api}: run npm start beside this.`);
