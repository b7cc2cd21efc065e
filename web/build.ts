/** `npm run web:build`: builds the pages into web/dist, whole or not at all. */
import { existsSync, globSync, rmSync } from "node:fs";
import { copyFile, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { build } from "vite";
import { readOptions } from "../scripts/options.ts";
import { consoleConfig, shopConfig, waitConfig, webFolder } from "./vite.ts";

const help = `npm run web:build -- [HASH]

Builds the pages into web/dist. HASH says what they are built from: npm start gives and compares it, and an image needs none.

Example: npm run web:build`;
const [hash = ""] = readOptions(help, { allowPositionals: true }).positionals;

const dist = join(webFolder, "dist");
const draft = `${dist}.${process.pid}`;
const fontLicense = join(webFolder, "../node_modules/@fontsource-variable/instrument-sans/LICENSE");

// Failed or stopped in the middle, nothing half-built stays.
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => process.exit(1));
process.once("exit", () => rmSync(draft, { recursive: true, force: true }));

await build(shopConfig(draft));
await build(consoleConfig(draft));
await build(waitConfig(draft));
await copyFile(fontLicense, join(draft, "assets/instrument-sans-license.txt"));
await compressAll();
await writeFile(join(draft, "sources.txt"), hash);
await replaceDist();

/** As small as it gets: it is done once and sent many times. */
async function compressAll(): Promise<void> {
  const texts = globSync("**/*.{html,js,css,svg,txt}", { cwd: draft });
  await Promise.all(
    texts.map(async (path) => {
      const bytes = await readFile(join(draft, path));
      const best = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
      await writeFile(join(draft, `${path}.br`), await promisify(brotliCompress)(bytes, best));
      await writeFile(join(draft, `${path}.gz`), await promisify(gzip)(bytes, { level: 9 }));
    }),
  );
}

/** A folder cannot be renamed over a full one, so the old one steps aside first. */
async function replaceDist(): Promise<void> {
  const old = `${draft}.old`;
  if (existsSync(dist)) await rename(dist, old);
  await rename(draft, dist);
  await rm(old, { recursive: true, force: true });
}
