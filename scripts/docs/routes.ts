/** Makes the pages of the HTTP API of the OpenAPI document: one for each tag, one for the shapes, and a list of all routes. */
import { type Anchor, codeBlock, escaped, heading, type Page, relativeTo, wordsOf } from "./page.ts";
import { renderSchema, type Schema, type Shown, typeOf } from "./shapes.ts";

type Content = Record<string, { schema?: Schema; example?: unknown }>;
type Parameter = { name: string; in: string; required?: boolean; description?: string; schema: Schema };
type Operation = {
  summary?: string;
  description?: string;
  tags?: readonly string[];
  parameters?: readonly Parameter[];
  requestBody?: { required?: boolean; content: Content };
  security?: readonly Record<string, readonly string[]>[];
  responses?: Record<string, { description?: string; content?: Content }>;
};
export type OpenApi = {
  info: { title: string; description: string };
  tags: readonly { name: string; description: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema>; securitySchemes: Record<string, { description?: string }> };
};

export type Route = { method: string; path: string; tag: string; operation: Operation };
export type Routes = { list: readonly Route[]; tags: readonly string[] };

export function routesOf({ paths, tags }: OpenApi): Routes {
  const list = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]): Route => ({
        method: method.toUpperCase(),
        path,
        tag: operation.tags?.[0] ?? "others",
        operation,
      }),
    ),
  );
  return { list, tags: [...new Set([...tags.map(({ name }) => name), ...list.map(({ tag }) => tag)])] };
}

export function routePage(tag: string): string {
  return `api/${tag}.html`;
}

export function routeId(method: string, path: string): string {
  return `${method.toLowerCase()}${path.replaceAll(/[{}]/g, "").replaceAll(/[/.]+/g, "-")}`;
}

const shapesPage = "api/shapes.html";
const securityNames: Record<string, string> = { bearer: "bearer token", cookie: "session", userHeader: "`X-User-Id`" };

/** `prose` renders a short text with its words in backquotes, for the page of the path. */
export function apiPages(document: OpenApi, routes: Routes, prose: (text: string, page: string) => string): Page[] {
  const says = new Map(document.tags.map(({ name, description }) => [name, description]));
  return [
    overview(document, routes, says, prose),
    ...routes.tags.map((tag) => tagPage(tag, routes, says.get(tag), prose)),
    shapes(document, prose),
  ];
}

type Prose = (text: string, page: string) => string;

function overview(
  { info, components }: OpenApi,
  { list, tags }: Routes,
  says: Map<string, string>,
  prose: Prose,
): Page {
  const path = "api/index.html";
  const ways = Object.entries(components.securitySchemes).map(
    ([name, { description = "" }]) =>
      `<tr><td>${prose(securityNames[name] ?? name, path)}</td><td>${prose(description, path)}</td></tr>`,
  );
  const groups = tags.map((tag) => {
    const rows = list
      .filter((route) => route.tag === tag)
      .map(({ method, path: address, operation }) => {
        const target = relativeTo(path, `${routePage(tag)}#${routeId(method, address)}`);
        return `<tr><td><a href="${target}">${signature(method, address)}</a></td><td>${prose(operation.summary ?? "", path)}</td></tr>`;
      });
    const link = `<a href="${relativeTo(path, routePage(tag))}">${escaped(titleOf(tag))}</a>`;
    return `${heading(2, tag, link)}<p>${prose(says.get(tag) ?? "", path)}</p>${table(rows)}`;
  });
  const intro =
    `${info.description} Errors are problem documents: see <a href="../errors.html">Errors</a>. ` +
    `The shapes of the answers are in <a href="shapes.html">Shapes</a>.`;
  return {
    path,
    title: "HTTP API",
    intro: wordsOf(intro),
    anchors: [
      { id: "log-in", text: "Log-in", level: 2, words: wordsOf(ways.join(" ")) },
      ...tags.map((tag): Anchor => ({ id: tag, text: titleOf(tag), level: 2, words: says.get(tag) ?? "" })),
    ],
    body: `<h1>HTTP API</h1><p>${intro}</p>${heading(2, "log-in", "Log-in")}${table(ways)}${groups.join("")}`,
  };
}

function tagPage(tag: string, { list }: Routes, says = "", prose: Prose): Page {
  const path = routePage(tag);
  const parts = list
    .filter((route) => route.tag === tag)
    .map((route) => ({
      route,
      id: routeId(route.method, route.path),
      html: renderRoute(route, (text) => prose(text, path), path),
    }));
  const bodies = parts.map(({ route, id, html }) => heading(2, id, signature(route.method, route.path)) + html);
  return {
    path,
    title: titleOf(tag),
    intro: says,
    anchors: parts.map(({ route, id, html }): Anchor => {
      const text = `${route.method} ${route.path}`;
      return { id, text, level: 2, words: wordsOf(html) };
    }),
    body: `<h1>${escaped(titleOf(tag))}</h1><p>${prose(says, path)}</p>${bodies.join("")}`,
  };
}

function shapes({ components }: OpenApi, prose: Prose): Page {
  const entries = Object.entries(components.schemas).map(([name, schema]) => {
    const shown: Shown = { link: (other) => `#${other}`, prose: (text) => prose(text, shapesPage) };
    return { name, html: renderSchema(schema, shown) };
  });
  return {
    path: shapesPage,
    title: "Shapes",
    intro: "The shapes that several routes answer.",
    anchors: entries.map(({ name, html }): Anchor => ({ id: name, text: name, level: 2, words: wordsOf(html) })),
    body: `<h1>Shapes</h1><p>The shapes that several routes answer.</p>${entries
      .map(({ name, html }) => heading(2, name, escaped(name)) + html)
      .join("")}`,
  };
}

function renderRoute({ operation }: Route, prose: (text: string) => string, page: string): string {
  const { summary = "", description, parameters = [], requestBody, security, responses = {} } = operation;
  const shown: Shown = { prose, link: (name) => relativeTo(page, `${shapesPage}#${name}`) };
  const inputs = parameters.map((each) => parameterRow(each, shown));
  const answers = Object.entries(responses);
  const good = answers.filter(([status]) => Number(status) < 400);
  const problems = answers.filter(([status]) => Number(status) >= 400);
  return [
    `<p class="summary">${prose(summary)}</p>`,
    description ? `<p>${prose(description)}</p>` : "",
    `<p class="needs">${prose(needsOf(security))}</p>`,
    inputs.length > 0 ? `<h3 class="label">Parameters</h3>${table(inputs)}` : "",
    requestBody ? `<h3 class="label">Body</h3>${renderContent(requestBody.content, shown)}` : "",
    `<h3 class="label">Answers</h3>${good.map(([status, { description: says = "", content }]) => `<div class="answer"><p><b>${escaped(status)}</b> ${prose(says)}</p>${renderContent(content ?? {}, shown)}</div>`).join("")}`,
    problems.length > 0
      ? `<details class="problems"><summary>Problems</summary>${table(problems.flatMap(([status, { description: says = "" }]) => problemRows(status, says, page)))}</details>`
      : "",
  ].join("");
}

function parameterRow({ name, in: where, required, description = "", schema }: Parameter, shown: Shown): string {
  const need = required ? "" : ' <span class="optional">optional</span>';
  return `<tr><td><code>${escaped(name)}</code> <span class="type">in ${escaped(where)}</span>${need}</td><td>${renderSchema(schema, shown)}${shown.prose(description)}</td></tr>`;
}

function renderContent(content: Content, shown: Shown): string {
  const kinds = Object.entries(content);
  const sorts = kinds.filter(([kind]) => kind !== "application/json").map(([kind]) => `<code>${escaped(kind)}</code>`);
  const schema = kinds[0]?.[1].schema;
  const isPlain = schema && !schema.properties && !schema.$ref && kinds[0]?.[0] !== "application/json";
  const example = kinds.map(([, each]) => each.example).find((each) => each !== undefined);
  return [
    sorts.length > 0 ? `<p class="type">${sorts.join(", ")}</p>` : "",
    schema && !isPlain
      ? schema.$ref
        ? `<p class="type">${typeOf(schema, shown)}</p>`
        : renderSchema(schema, shown)
      : "",
    example === undefined ? "" : codeBlock(JSON.stringify(example, null, 2), "json"),
  ].join("");
}

/** A response names each of its codes in backquotes, with its title behind it. */
function problemRows(status: string, says: string, page: string): string[] {
  return [...says.matchAll(/`(\w+)` ([^`]*?)(?:; (?=`)|$)/g)].map(([, code = "", title = ""]) => {
    const link = `<a href="${relativeTo(page, `errors.html#${code}`)}"><code>${escaped(code)}</code></a>`;
    return `<tr><td>${escaped(status)}</td><td>${link}</td><td>${escaped(title)}</td></tr>`;
  });
}

function needsOf(security: Operation["security"]): string {
  if (!security) return "Open to every caller.";
  const roles = security.flatMap(({ bearer = [] }) => bearer);
  const others = security.flatMap((each) => Object.keys(each)).filter((name) => name !== "bearer");
  const means = [...new Set(others.map((name) => securityNames[name] ?? name))];
  const who = roles.length > 0 ? `For ${[...new Set(roles)].join(", ")}, ` : "For those who sign in, ";
  return `${who}by ${[...(roles.length > 0 ? ["bearer token"] : []), ...means].join(", ") || "bearer token"}.`;
}

function signature(method: string, path: string): string {
  const soft = escaped(path).replaceAll("/", "<wbr>/");
  return `<span class="method ${method.toLowerCase()}">${method}</span> <span class="path">${soft}</span>`;
}

function titleOf(tag: string): string {
  return tag.slice(0, 1).toUpperCase() + tag.slice(1);
}

function table(rows: readonly string[]): string {
  return `<div class="table" tabindex="0"><table><tbody>${rows.join("")}</tbody></table></div>`;
}
