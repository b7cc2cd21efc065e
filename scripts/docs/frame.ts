/** Puts a page into its frame: the head, the navigation, the page's contents, the way on, and the search. */
import { escaped, type Page, relativeTo } from "./page.ts";
import { type Section, sections } from "./places.ts";

export type Entry = { page: Page; section: Section };

/** Nothing comes from another host: the browser refuses it too. */
const policy =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src data:; base-uri 'none'";

/** Sections whose pages are few enough to be always in sight. */
const alwaysOpen = new Set<Section>(["Start", "Guide", "Reference"]);

const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='7' fill='%2312161f'/%3E%3Cpath d='M9 7h6a9 9 0 0 1 0 18H9z' fill='%23f13e18'/%3E%3C/svg%3E";

export function framed(entry: Entry, entries: readonly Entry[]): string {
  const { page } = entry;
  const to = (target: string) => escaped(relativeTo(page.path, target));
  const place = entries.indexOf(entry);
  const name = page.path === "index.html" ? "Dropgate" : `${page.title} · Dropgate`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="${escaped(page.intro.slice(0, 160))}">
<title>${escaped(name)}</title>
<link rel="icon" href="${icon}">
<link rel="stylesheet" href="${to("assets/page.css")}">
<script src="${to("assets/page.js")}"></script>
<script src="${to("assets/search.js")}" data-root="${to("index.html").replace(/index\.html$/, "")}"></script>
</head>
<body>
<a class="skip" href="#frame:content">Skip to the content</a>
<header class="top">
<button class="quiet menu" popovertarget="frame:pages">Menu</button>
<a class="brand" href="${to("index.html")}">Dropgate</a>
<button class="quiet search" type="button" hidden>Search <kbd>/</kbd></button>
<button class="quiet colours" type="button" hidden><span class="what">Colours</span> <span class="chosen"></span></button>
</header>
<div class="columns">
<nav id="frame:pages" class="all-pages" popover aria-label="Pages">${sections.map((section) => navigation(section)).join("")}</nav>
<main id="frame:content" tabindex="-1"><article>${page.body}</article>${wayOn()}</main>
${contents(page)}
</div>
<dialog class="finder" aria-label="Search"><form method="dialog"><input type="search" placeholder="Search the documentation" aria-label="Search" autocomplete="off" spellcheck="false" role="combobox" aria-expanded="true" aria-controls="frame:found"><button class="quiet">Close</button></form><p class="told" role="status"></p><ol id="frame:found" class="results" role="listbox" aria-label="Results"></ol></dialog>
</body>
</html>
`;

  function navigation(section: Section): string {
    const own = entries.filter((each) => each.section === section);
    const isOpen = alwaysOpen.has(section) || entry.section === section;
    const links = own.map((each) => {
      const current = each === entry ? ' aria-current="page"' : "";
      const depth = section === "Reference" && /^api\/(?!index)/.test(each.page.path) ? ' class="below"' : "";
      const text = each.page.path === "index.html" ? "Overview" : each.page.title;
      return `<li${depth}><a href="${to(each.page.path)}"${current}>${escaped(text)}</a></li>`;
    });
    return `<details${isOpen ? " open" : ""}><summary>${section}</summary><ul>${links.join("")}</ul></details>`;
  }

  function wayOn(): string {
    const [before, after] = [entries[place - 1], entries[place + 1]];
    const back = before
      ? `<a rel="prev" href="${to(before.page.path)}"><span>Previous</span>${escaped(before.page.title)}</a>`
      : "";
    const on = after
      ? `<a rel="next" href="${to(after.page.path)}"><span>Next</span>${escaped(after.page.title)}</a>`
      : "";
    return `<nav class="way" aria-label="Previous and next page">${back}${on}</nav>`;
  }
}

function contents({ anchors }: Page): string {
  const headings = anchors.filter(({ level }) => level !== undefined);
  if (headings.length < 2) return "";
  const most = 60;
  const shown = headings.length > most ? headings.filter(({ level }) => level === 2) : headings;
  const links = shown.map(
    ({ id, text, level }) => `<li class="level${level}"><a href="#${escaped(id)}">${escaped(text)}</a></li>`,
  );
  return `<aside class="contents"><nav aria-label="On this page"><p>On this page</p><ol>${links.join("")}</ol></nav></aside>`;
}
