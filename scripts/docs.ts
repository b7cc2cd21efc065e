/**
 * `npm run docs`: makes the documentation of the repository in dist/docs. With `-- --serve` it is also served at
 * 127.0.0.1:4000 (or `--port`) until Ctrl-C; a browser can also open dist/docs/index.html as a file.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { preview } from "vite";
import { writeSite } from "./docs/folder.ts";
import { makeSite } from "./docs/site.ts";

const { values } = parseArgs({
  options: { serve: { type: "boolean", default: false }, port: { type: "string", default: "4000" } },
});
const folder = join("dist", "docs");
const site = makeSite();
await writeSite(site, folder);
console.log(`${site.entries.length} pages: open ${join(folder, "index.html")}`);

if (values.serve) {
  const port = Number(values.port);
  const served = await preview({
    configFile: false,
    build: { outDir: folder },
    preview: { host: "127.0.0.1", port, strictPort: true },
  });
  served.printUrls();
}
