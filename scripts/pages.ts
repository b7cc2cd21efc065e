/** Weighs the served files of the pages: as `npm start` builds them, and only if they are not built yet. */
import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { createLog } from "#platform/log";
import { openSite } from "../src/pages/site.ts";

const kilobyte = 1_000;

/** Compressed by gzip, as old browsers get it; the font is compressed by itself. */
const budgets = [
  { says: "words of the shop in German", files: "assets/de-*.js.gz", atMostKb: 5 },
  { says: "words of the shop in Arabic", files: "assets/ar-*.js.gz", atMostKb: 5 },
  { says: "words of the shop about accounts, in all languages", files: "assets/account-*.js.gz", atMostKb: 5 },
  { says: "the check of a line's order, in all languages", files: "assets/{fair,line-worker}-*.js.gz", atMostKb: 45 },
  // As it is: a crowd loads it when everything else may be slow, and every browser keeps it.
  { says: "the waiting page", files: "wait.html", atMostKb: 10 },
  { says: "font", files: "assets/*.woff2", atMostKb: 60 },
  { says: "pictures of the demo, together", files: "art/*.svg.gz", atMostKb: 8 },
] as const;

/** The first load fetches the files that the page names; what is behind it comes when it is opened. */
const firstLoads = [
  { says: "script of the shop's first load", page: "shop.html", ending: ".js", atMostKb: 25 },
  { says: "style of the shop", page: "shop.html", ending: ".css", atMostKb: 8 },
  { says: "script of the console's first load", page: "console.html", ending: ".js", atMostKb: 230 },
  { says: "style of the console", page: "console.html", ending: ".css", atMostKb: 40 },
] as const;

/** One line a fault: too many bytes, or an address of another host in what is served. */
export async function pageFaults(): Promise<string[]> {
  const site = openSite({ log: createLog({ level: "warn" }) });
  await site.settled;
  const state = site.state();
  if (state.is !== "ready") return [state.is === "missing" ? state.says : "the pages are still being built"];
  return [
    ...budgets.flatMap((budget) => overweight(site.folder, budget)),
    ...firstLoads.flatMap((budget) => overweightAtFirst(site.folder, budget)),
    ...foreignAddresses(site.folder),
  ];
}

function overweight(folder: string, { says, files, atMostKb }: (typeof budgets)[number]): string[] {
  const own = globSync(files, { cwd: folder }).map((path) => statSync(join(folder, path)).size);
  return own.length === 0 ? [`${says}: no ${files} was built`] : tooMany(says, own, atMostKb);
}

function overweightAtFirst(folder: string, { says, page, ending, atMostKb }: (typeof firstLoads)[number]): string[] {
  const html = readFileSync(join(folder, page), "utf8");
  const named = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path = ""]) => path);
  const files = named.filter((path) => path.endsWith(ending));
  if (files.length === 0) return [`${says}: ${page} names no ${ending}`];
  return tooMany(
    says,
    files.map((path) => statSync(join(folder, `${path}.gz`)).size),
    atMostKb,
  );
}

function tooMany(says: string, sizes: readonly number[], atMostKb: number): string[] {
  const bytes = sizes.reduce((sum, size) => sum + size);
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
