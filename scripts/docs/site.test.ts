import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { before, describe, test } from "node:test";
import { readFlowchart, renderDiagram } from "./diagram.ts";
import { slugOf } from "./page.ts";
import { type Found, makeSite, type Site } from "./site.ts";

let site: Site;
before(() => {
  site = makeSite();
});

describe("the documentation that npm run docs makes", () => {
  test("every link inside it leads to a page, a picture and an anchor that exist", () => {
    const idsOf = new Map([...pages()].map(([path, html]) => [path, new Set(idsIn(html))]));
    const dead = [...pages()].flatMap(([path, html]) =>
      linksIn(html)
        .map((href) => ({ href, ...targetOf(path, href) }))
        .filter(({ file, anchor }) => !has(file) || (anchor !== undefined && !idsOf.get(file)?.has(anchor)))
        .map(({ href }) => `${path}: ${href}`),
    );
    assert.deepEqual(dead, []);
  });

  test("every Markdown document of docs/ is reached from the first page by links", () => {
    const reached = new Set(["index.html"]);
    for (const path of reached) {
      for (const href of linksIn(site.made.get(path) ?? "")) reached.add(targetOf(path, href).file);
    }
    const special: Record<string, string> = { "docs/config.md": "settings.html" };
    const documents = globSync("docs/**/*.md").map((source) => source.replaceAll("\\", "/"));
    assert.ok(documents.length > 50);
    const missing = documents.filter(
      (source) => !reached.has(special[source] ?? source.replace(/^docs\//, "").replace(/\.md$/, ".html")),
    );
    assert.deepEqual(missing, []);
  });

  test("no page, style or script loads anything from elsewhere, and every page forbids it", () => {
    for (const [path, html] of pages()) {
      const loaded = [
        ...[...html.matchAll(/<(?:img|script|source|iframe)[^>]* src="([^"]*)"/g)].map(([, src = ""]) => src),
        ...[...html.matchAll(/<link rel="stylesheet" href="([^"]*)"/g)].map(([, href = ""]) => href),
      ];
      assert.ok(loaded.length >= 3, path);
      for (const address of loaded) assert.ok(has(targetOf(path, address).file), `${path} loads ${address}`);
      assert.match(html, /http-equiv="Content-Security-Policy" content="default-src 'none';/, path);
      assert.doesNotMatch(html, /<style|<[^>]+ (?:style|srcset|onload|onclick)=/, path);
    }
    for (const [path, text] of site.made) {
      if (!/\.(css|js)$/.test(path) || path.endsWith("found.js")) continue;
      assert.doesNotMatch(text, /https?:\/\/|url\((?!"data:)|@import|\bimport\b|\bfetch\(/, path);
    }
  });

  test("every route has an anchor on the page of its tag", () => {
    const { paths } = JSON.parse(readFileSync("openapi.json", "utf8")) as {
      paths: Record<string, Record<string, { tags: string[] }>>;
    };
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { tags }]) => ({ method, path, tag: tags[0] })),
    );
    assert.ok(routes.length > 100);
    for (const { method, path, tag } of routes) {
      const name = `${method}${path.replaceAll(/[{}]/g, "").replaceAll(/[/.]+/g, "-")}`;
      assert.ok(anchorsOf(`api/${tag}.html`).has(name), `${method} ${path}`);
    }
  });

  test("every event, error code, setting, metric and table has an anchor", () => {
    const { components } = JSON.parse(readFileSync("asyncapi.json", "utf8")) as { components: { messages: object } };
    const inTable = (source: string, name: RegExp) =>
      [...readFileSync(source, "utf8").matchAll(/^\| `([^`]+)` \|/gm)]
        .map(([, each = ""]) => each)
        .filter((each) => name.test(each));
    const tables = [...readFileSync("docs/schema.sql", "utf8").matchAll(/^create table (\S+)/gm)].map(
      ([, each]) => each,
    );
    const expected: Record<string, readonly (string | undefined)[]> = {
      "events.html": Object.keys(components.messages).map((name) => name.replace(/^webhook:/, "")),
      "errors.html": inTable("docs/errors.md", /./),
      "settings.html": inTable("docs/config.md", /^[A-Z]/),
      "metrics.html": inTable("docs/metrics.md", /./),
      "schema.html": tables,
    };
    for (const [page, names] of Object.entries(expected)) {
      assert.ok(names.length > 10, page);
      const missing = names.filter((name) => !anchorsOf(page).has(name ?? ""));
      assert.deepEqual(missing, [], page);
    }
  });

  test("an anchor is on its page once", () => {
    for (const [path, html] of pages()) {
      const ids = idsIn(html);
      assert.deepEqual(
        ids.filter((id, place) => ids.indexOf(id) !== place && id !== "frame:tip"),
        [],
        path,
      );
    }
  });

  test("no heading of a document can take the id of a part of the frame", () => {
    for (const [path, html] of pages()) {
      const frame = html.replace(/<article>.*<\/article>/s, "");
      for (const id of idsIn(frame)) assert.notEqual(slugOf(id), id, path);
    }
  });

  test("the search has every page and every anchor, at an address that exists", () => {
    const text = site.made
      .get("assets/found.js")
      ?.replace(/^window\.searchIndex = /, "")
      .replace(/;\s*$/, "");
    const found = JSON.parse(text ?? "") as Found[];
    const addresses = new Set(found.map(([address]) => address));
    for (const { page } of site.entries) {
      assert.ok(addresses.has(page.path), page.path);
      for (const { id } of page.anchors) assert.ok(addresses.has(`${page.path}#${id}`), `${page.path}#${id}`);
    }
    for (const address of addresses) {
      const { file, anchor } = targetOf("", address);
      assert.ok(has(file) && (anchor === undefined || anchorsOf(file).has(anchor)), address);
    }
  });

  test("a route in backquotes leads to its place, and a file without a page is no link", () => {
    assert.match(
      site.made.get("index.html") ?? "",
      /<a href="api\/orders\.html#post-orders"><code>POST \/orders<\/code>/,
    );
    assert.match(site.made.get("hazards.html") ?? "", /<span class="file" title="test\/edge\/races\.test\.ts">/);
  });

  test("the page after the last chapter's is its successor's, and each page leads back", () => {
    const paths = site.entries.map(({ page }) => page.path);
    for (const [place, path] of paths.entries()) {
      const html = site.made.get(path) ?? "";
      const next = /<a rel="next" href="([^"]*)"/.exec(html)?.[1];
      const previous = /<a rel="prev" href="([^"]*)"/.exec(html)?.[1];
      assert.equal(next && targetOf(path, next).file, paths[place + 1], path);
      assert.equal(previous && targetOf(path, previous).file, paths[place - 1], path);
    }
  });
});

describe("a diagram of the documents", () => {
  test("has every part and every arrow of its text", () => {
    const text =
      'flowchart TD\n  subgraph all["All of it"]\n    a["one<br>more"]\n  end\n  a -->|says| b([end])\n  b -.-> c\n  all --> c';
    const { nodes, arrows, groups } = readFlowchart(text);
    assert.deepEqual([...nodes.keys()], ["a", "b", "c"]);
    assert.deepEqual([...groups], [["all", "All of it"]]);
    assert.deepEqual(
      arrows.map(({ from, to, dotted }) => [from, to, dotted]),
      [
        ["a", "b", false],
        ["b", "c", true],
        ["all", "c", false],
      ],
    );
    const svg = renderDiagram(text);
    assert.equal(svg.match(/<rect class="node"/g)?.length, 3);
    assert.equal(svg.match(/<path class="arrow/g)?.length, 3);
    assert.match(svg, /says/);
  });

  test("is refused if a line of it cannot be read", () => {
    assert.throws(() => renderDiagram("flowchart TD\n  a ==> b"), /cannot be read: a ==> b/);
    assert.throws(() => renderDiagram("sequenceDiagram\n  a ->> b: hello"), /no flowchart/);
  });
});

function pages() {
  return [...site.made].filter(([path]) => path.endsWith(".html"));
}

function has(path: string): boolean {
  const source = site.copied.get(path);
  return site.made.has(path) || (source !== undefined && existsSync(source));
}

function idsIn(html: string): string[] {
  return [...html.matchAll(/ id="([^"]*)"/g)].map(([, id = ""]) => id);
}

const anchors = new Map<string, Set<string>>();
function anchorsOf(path: string): Set<string> {
  const known = anchors.get(path) ?? new Set(idsIn(site.made.get(path) ?? ""));
  anchors.set(path, known);
  return known;
}

/** The links of a page that stay inside the site, and the pictures that it shows. */
function linksIn(html: string): string[] {
  const all = [...html.matchAll(/<(?:a|img|link|script)\b[^>]* (?:href|src)="([^"]*)"/g)].map(([, href = ""]) => href);
  return all.filter((href) => !/^(?:https?|mailto|data):/.test(href));
}

function targetOf(page: string, href: string): { file: string; anchor: string | undefined } {
  const [path = "", anchor] = href.replaceAll("&amp;", "&").split("#");
  return { file: path === "" ? page : posix.normalize(posix.join(posix.dirname(page), path)), anchor };
}
