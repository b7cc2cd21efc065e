/** `npm run docs`: makes the documentation of the repository in dist/docs, and serves it if it is asked to. */
import { join } from "node:path";
import { preview } from "vite";
import { writeSite } from "./docs/folder.ts";
import { makeSite } from "./docs/site.ts";
import { portNumber, readOptions, unlessTaken } from "./options.ts";

const help = `npm run docs -- [options]

Makes the documentation of the repository in dist/docs, which a browser can open as files.

  --serve      serve it at 127.0.0.1 until Ctrl-C
  --port N     with --serve: the port (4000)

Example: npm run docs -- --serve`;

const { values } = readOptions(help, {
  options: {
    serve: { type: "boolean", default: false },
    port: { type: "string", default: "4000" },
  },
});
const port = portNumber("--port", values.port);
const folder = join("dist", "docs");
const site = makeSite();
await writeSite(site, folder);
console.log(`${site.entries.length} pages: open ${join(folder, "index.html")}`);

if (values.serve) {
  const server = { host: "127.0.0.1", port, strictPort: true };
  const serving = preview({ configFile: false, build: { outDir: folder }, preview: server });
  const served = await unlessTaken(serving, "choose another by --port N.");
  served.printUrls();
}
