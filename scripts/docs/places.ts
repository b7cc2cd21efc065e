/** Says which documents of the repository become pages of the documentation, where, and in which order. */
import { existsSync, globSync } from "node:fs";
import { basename } from "node:path";

/** `path` is the page's own from the root of the site; `source` is the file that it is made of, from the repository's. */
export type Place = { source: string; path: string; section: Section };

export const sections = ["Start", "Guide", "Reference", "Runbooks", "Decisions", "Tests", "Project"] as const;
export type Section = (typeof sections)[number];

/** The chapters in the order in which a new operator reads them; a chapter that is not named here comes after them. */
const chapters = ["deployment", "shop", "console", "warehouse", "payments", "webhooks", "protocol", "archiving"];

const single: readonly Place[] = [
  { source: "README.md", path: "index.html", section: "Start" },
  { source: "ARCHITECTURE.md", path: "architecture.html", section: "Start" },
  { source: "CHANGELOG.md", path: "changelog.html", section: "Start" },
  { source: "openapi.json", path: "api/index.html", section: "Reference" },
  { source: "asyncapi.json", path: "events.html", section: "Reference" },
  { source: "packages/client/README.md", path: "client.html", section: "Reference" },
  { source: "examples/README.md", path: "examples.html", section: "Reference" },
  { source: "docs/config.md", path: "settings.html", section: "Reference" },
  { source: "docs/errors.md", path: "errors.html", section: "Reference" },
  { source: "docs/metrics.md", path: "metrics.html", section: "Reference" },
  { source: "docs/schema.sql", path: "schema.html", section: "Reference" },
  { source: "docs/runbooks", path: "runbooks/index.html", section: "Runbooks" },
  { source: "docs/adr", path: "adr/index.html", section: "Decisions" },
  { source: "docs/hazards.md", path: "hazards.html", section: "Tests" },
  { source: "docs/chaos.md", path: "chaos.html", section: "Tests" },
  { source: "docs/benchmarks.md", path: "benchmarks.html", section: "Tests" },
  { source: "test/laws/README.md", path: "laws.html", section: "Tests" },
  { source: "docs/screens", path: "screens.html", section: "Tests" },
  { source: "CONTRIBUTING.md", path: "contributing.html", section: "Project" },
  { source: "STYLE.md", path: "style.html", section: "Project" },
  { source: "SECURITY.md", path: "security.html", section: "Project" },
];

/** All places, section by section; a new document of `docs/` gets its place by itself. */
export function placesOf(): Place[] {
  const places = [
    ...single,
    ...inFolder("docs/guide", "Guide").toSorted((a, b) => orderOf(a) - orderOf(b)),
    ...inFolder("docs/runbooks", "Runbooks"),
    ...inFolder("docs/adr", "Decisions"),
  ];
  const placed = new Set(places.map(({ source }) => source));
  const others = globSync("docs/**/*.md")
    .toSorted()
    .filter((source) => !placed.has(source))
    .map((source): Place => ({ source, path: pageOf(source), section: "Project" }));
  const all = [...places, ...others].filter(({ source }) => existsSync(source));
  return sections.flatMap((section) => all.filter((place) => place.section === section));
}

function inFolder(folder: string, section: Section): Place[] {
  return globSync(`${folder}/*.md`)
    .toSorted()
    .map((source) => ({ source, path: pageOf(source), section }));
}

function pageOf(source: string): string {
  return source.replace(/^docs\//, "").replace(/\.md$/, ".html");
}

function orderOf({ source }: Place): number {
  const place = chapters.indexOf(basename(source, ".md"));
  return place === -1 ? chapters.length : place;
}
