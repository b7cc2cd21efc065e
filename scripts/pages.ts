/** Weighs the served files of the pages: as `npm start` builds them, and only if they are not built yet. */
import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { createLog } from "#platform/log";
import { openSite } from "../src/pages/site.ts";

const kilobyte = 1_000;

/** Compressed by gzip, as old browsers get it; the font is compressed by itself. */
const budgets = [
  {
    says: "script of the shop, in the language that has most",
    files: "assets/shop-*.js.gz",
    more: "assets/{de,ar}-*.js.gz",
    atMostKb: 25,
  },
  { says: "style of the shop", files: "assets/shop-*.css.gz", atMostKb: 8 },
  { says: "font", files: "assets/*.woff2", atMostKb: 60 },
  { says: "pictures of the demo, together", files: "art/*.svg.gz", atMostKb: 8 },
] as const;

/** The first load fetches the files that console.html names; each page behind it comes when it is opened. */
const consoleBudgets = [
  { says: "script of the console's first load", ending: ".js", atMostKb: 230 },
  { says: "style of the console", ending: ".css", atMostKb: 40 },
] as const;

/** One line a fault: too many bytes, or an address of another host in what is served. */
export async function pageFaults(): Promise<string[]> {
  const site = openSite({ log: createLog({ level: "warn" }) });
  await site.settled;
  const state = site.state();
  if (state.is !== "ready") return [state.is === "missing" ? state.says : "the pages are still being built"];
  return [
    ...budgets.flatMap((budget) => overweight(site.folder, budget)),
    ...consoleBudgets.flatMap((budget) => overweightAtFirst(site.folder, budget)),
    ...foreignAddresses(site.folder),
  ];
}

function overweight(folder: string, { says, files, atMostKb, ...rest }: (typeof budgets)[number]): string[] {
  const sizes = (pattern: string) =>
    globSync(pattern, { cwd: folder }).map((path) => statSync(join(folder, path)).size);
  const own = sizes(files);
  if (own.length === 0) return [`${says}: no ${files} was built`];
  const most = "more" in rest ? Math.max(...sizes(rest.more)) : 0;
  const bytes = own.reduce((sum, size) => sum + size, most);
  return bytes > atMostKb * kilobyte ? [`${says}: ${bytes} bytes, at most ${atMostKb} KB`] : [];
}

function overweightAtFirst(folder: string, { says, ending, atMostKb }: (typeof consoleBudgets)[number]): string[] {
  const html = readFileSync(join(folder, "console.html"), "utf8");
  const named = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path = ""]) => path);
  const files = named.filter((path) => path.endsWith(ending));
  if (files.length === 0) return [`${says}: console.html names no ${ending}`];
  const bytes = files.reduce((sum, path) => sum + statSync(join(folder, `${path}.gz`)).size, 0);
  return bytes > atMostKb * kilobyte ? [`${says}: ${bytes} bytes, at most ${atMostKb} KB`] : [];
}

/** A page that asked another host would tell it who looks. Names of XML's own are no addresses, nor is a licence's text. */
function foreignAddresses(folder: string): string[] {
  const served = globSync("**/*.{html,js,css,svg}", { cwd: folder });
  return served.flatMap((path) => {
    const text = readFileSync(join(folder, path), "utf8");
    const found = text.match(/(?:https?:)?\/\/[\w-]+(?:\.[\w-]+)+/g) ?? [];
    return found.filter((address) => !/\/\/www\.w3\.org$/.test(address)).map((address) => `${path}: ${address}`);
  });
}
