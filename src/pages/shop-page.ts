/**
 * The shop's page with the data that it shows first inside it, and what other sites show of a link to it. Both are read from
 * the API at most once a second for each address; if it does not answer in time, the page goes without them.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { elapsedMs } from "#platform/clock";
import { goOn, within } from "#platform/deadline";
import { pageAddress } from "#platform/page-address";

/** Asks the API of this process for a public address. */
export type AskApi = (path: string) => Promise<{ status: number; body: string }>;

export type ShopPage = { status: 200 | 404; etag: string; html: string; gzipped: Buffer };

export type ShopPagesOptions = {
  htmlPath: string;
  askApi: AskApi;
  /** Where browsers reach the shop; absent: links name no address of their own. */
  publicUrl: string | undefined;
};

const keptMs = 1_000;
/** A page must stand when the API does not. */
const answerWithinMs = 400;
/** Addresses that are kept. Beyond them the oldest are forgotten. */
const mostKept = 500;

export function createShopPages({ htmlPath, askApi, publicUrl }: ShopPagesOptions) {
  const kept = new Map<string, { untilMs: number; page: Promise<ShopPage | undefined> }>();

  /** Undefined: the page as it was built. */
  function at(path: string, dropId: string | undefined): Promise<ShopPage | undefined> {
    const known = kept.get(path);
    if (known && elapsedMs() < known.untilMs) return known.page;
    const page = make(path, dropId).catch(() => undefined);
    kept.delete(path);
    kept.set(path, { untilMs: elapsedMs() + keptMs, page });
    const oldest = kept.size > mostKept ? kept.keys().next().value : undefined;
    if (oldest !== undefined) kept.delete(oldest);
    return page;
  }

  async function make(path: string, dropId: string | undefined): Promise<ShopPage | undefined> {
    const source = dropId === undefined ? "/drops" : `/drops/${encodeURIComponent(dropId)}`;
    const answer = await within(answerWithinMs, askApi(source), goOn);
    if (!answer) return undefined;
    const said = JSON.parse(answer.body) as { code?: string; name?: string; story?: string | null };
    // An address that cannot be the id of a drop is unknown too.
    const isUnknown = said.code === "drop_not_found" || (dropId !== undefined && said.code === "validation");
    if (answer.status !== 200 && !isUnknown) return undefined;
    const url = pageAddress(publicUrl, path);
    const built = await readFile(htmlPath, "utf8");
    const html = isUnknown ? built : withData(built, source, answer.body, { ...(dropId && said), url });
    const etag = `"${createHash("sha256").update(html).digest("base64url").slice(0, 22)}"`;
    return { status: isUnknown ? 404 : 200, etag, html, gzipped: await promisify(gzip)(html) };
  }

  return { at };
}

type Shown = { name?: string; story?: string | null; url: string | undefined };

const siteName = "Dropgate";
const longestDescription = 200;

function withData(built: string, source: string, data: string, { name, story, url }: Shown): string {
  const title = name === undefined ? siteName : `${name} · ${siteName}`;
  const [, own = ""] = /<meta name="description" content="([^"]*)"/.exec(built) ?? [];
  const description = story ? escaped(shortened(story)) : own;
  const tags = [
    `<meta property="og:site_name" content="${siteName}">`,
    '<meta property="og:type" content="website">',
    `<meta property="og:title" content="${escaped(name ?? siteName)}">`,
    `<meta property="og:description" content="${description}">`,
    ...(url === undefined ? [] : [`<meta property="og:url" content="${escaped(url)}">`]),
    `<script type="application/json" id="inlined" data-source="${escaped(source)}">${inScript(data)}</script>`,
  ];
  return built
    .replace(/<title>[^<]*<\/title>/, () => `<title>${escaped(title)}</title>`)
    .replace(/(<meta name="description" content=")[^"]*/, (_, start) => `${start}${description}`)
    .replace("</head>", () => `${tags.join("")}</head>`);
}

function shortened(text: string): string {
  const characters = [...text.replaceAll(/\s+/g, " ").trim()];
  return characters.length <= longestDescription
    ? characters.join("")
    : `${characters.slice(0, longestDescription - 1).join("")}…`;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);
}

/** JSON in which no text ends the script or begins a comment: what looks like a tag is written by its number. */
function inScript(json: string): string {
  return json.replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
